import Logging
import Synchronization

/// The door for lines of the log that clients cause: at most one of each kind in ten seconds, which tells how many it
/// stands for. So nobody fills a disk from outside.
final class ClientNotices: Sendable {
    enum Kind: Int, CaseIterable {
        case http, tls, otherProtocol, olderNode
        case rejected, evicted, unauthenticated, output, handshake
    }

    /// Milliseconds from one line of a kind to the next.
    private static let interval: Int64 = 10_000

    private struct State {
        var last: Int64?
        var suppressed = 0
    }

    private let states = Mutex([State](repeating: State(), count: Kind.allCases.count))

    /// Notes that there is something to say.
    /// - Parameter uptime: milliseconds of ``ServerClock/uptime()``.
    /// - Returns: how many notes of this kind were not told since the last line; nil if this one is not told either.
    func note(_ kind: Kind, at uptime: Int64) -> Int? {
        states.withLock { states in
            if let last = states[kind.rawValue].last, uptime - last < Self.interval {
                states[kind.rawValue].suppressed += 1
                return nil
            }
            defer { states[kind.rawValue] = State(last: uptime) }
            return states[kind.rawValue].suppressed
        }
    }
}

extension Daemon {
    /// Says in the log what a client did, unless the same kind was said just now.
    func warn(of kind: ClientNotices.Kind, _ message: @autoclosure () -> String) {
        guard let suppressed = notices.note(kind, at: clock.uptime()) else { return }
        let others = suppressed > 0 ? "; \(suppressed) more of this kind since the last such line" : ""
        logger.warning("\(message())\(others)")
    }
}
