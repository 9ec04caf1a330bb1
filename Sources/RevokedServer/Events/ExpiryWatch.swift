import Denylist
import Synchronization

/// Tells observers of entries that have expired: nothing happens to such an entry, so a walk finds it. It looks at one
/// part of the keys at a time, and at each part once in a turn.
final class ExpiryWatch: Sendable {
    private struct State {
        /// When each part was looked at; nil without a listener.
        var lookedAt: [ClockReading]?
        var next = 0
    }

    /// How long a turn takes, in milliseconds.
    private static let turn: Int64 = 1_000

    private let state = Mutex(State())

    /// Looks at the next part.
    /// - Returns: the moment up to which every part has been looked at; nil if nobody listens.
    func step(_ table: GuardedTable, at now: ClockReading) -> ClockReading? {
        let step = state.withLock { state -> (part: Int, since: ClockReading)? in
            guard table.observers.wantExpiries else {
                state.lookedAt = nil
                return nil
            }
            // Whoever has just subscribed hears of what expired since, and a little before.
            let start = ClockReading(wall: now.wall - Self.turn, guarded: now.guarded - Self.turn)
            let lookedAt = state.lookedAt ?? Array(repeating: start, count: Denylist.parts)
            let part = state.next
            state.next = (part + 1) % Denylist.parts
            state.lookedAt = lookedAt
            return (part, lookedAt[part])
        }
        guard let step else { return nil }
        table.visitExpired(part: step.part, after: step.since, until: now) { key, database in
            table.observers.announce(.expired, key, database: database, client: 0)
        }
        return state.withLock { state in
            state.lookedAt?[step.part] = now
            guard let all = state.lookedAt else { return nil }
            return ClockReading(
                wall: all.map(\.wall).min() ?? now.wall, guarded: all.map(\.guarded).min() ?? now.guarded)
        }
    }

    /// Whether an entry that a write replaces has expired and was not told of yet.
    /// - Parameter expiry: on the clock of the key.
    func hasMissed(_ hash: KeyHash, expiry: Int64) -> Bool {
        state.withLock { state in
            guard let lookedAt = state.lookedAt?[Denylist.part(of: hash)] else { return false }
            return expiry > (hash.isGuarded ? lookedAt.guarded : lookedAt.wall)
        }
    }
}
