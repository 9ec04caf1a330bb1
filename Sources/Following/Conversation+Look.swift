import Denylist
import RESP

/// What is found in the copy, as the daemon answers it.
extension Conversation {
    private static var epoch: String { "revoked.epoch" }

    /// Whether a check reads nothing but revocations and the epoch.
    func isOfRevocations(_ arguments: RequestArguments) -> Bool {
        guard arguments.count <= ConversationLimits.keys + 1 else { return false }
        for index in 1..<arguments.count {
            guard isCovered(arguments[index]) else { return false }
        }
        return true
    }

    /// Whether the copy has keys such as this one.
    func isCovered(_ key: RawSpan) -> Bool { copy.isGuarded(key) || key.equals(Self.epoch) }

    /// Writes the reply to a check.
    /// - Returns: false if it cannot be told.
    func look(
        _ kind: CommandKind, _ arguments: RequestArguments, _ reading: Copy.Reading, _ reply: inout ReplyBuffer
    ) -> Bool {
        switch kind {
        case .get: return write(arguments[1], reading, &reply)
        case .mget:
            reply.array(arguments.count - 1)
            for index in 1..<arguments.count {
                guard write(arguments[index], reading, &reply) else { return false }
            }
            return true
        case .exists:
            var count: Int64 = 0
            for index in 1..<arguments.count {
                let isThere =
                    arguments[index].equals(Self.epoch) || copy.read(arguments[index], reading) { _, _ in } != nil
                if isThere { count += 1 }
            }
            reply.integer(count)
            return true
        case .ttl:
            guard !arguments[1].equals(Self.epoch) else {
                reply.integer(-1)
                return true
            }
            let expiry = copy.read(arguments[1], reading) { _, expiry in expiry }
            reply.integer(expiry.map { Self.secondsLeft($0, at: reading.guarded) } ?? -2)
            return true
        default: return false
        }
    }

    /// Rounded to nearest, as `TTL` does.
    private static func secondsLeft(_ expiry: Int64, at now: Int64) -> Int64 {
        guard expiry != Expiry.never else { return -1 }
        let left = max(0, expiry - now)
        return left / 1_000 + (left % 1_000 >= 500 ? 1 : 0)
    }

    private func write(_ key: RawSpan, _ reading: Copy.Reading, _ reply: inout ReplyBuffer) -> Bool {
        guard !key.equals(Self.epoch) else {
            guard let epoch = copy.epoch(reading) else { return false }
            reply.bulk(epoch.span.bytes)
            return true
        }
        if copy.read(key, reading, { value, _ in reply.bulk(value) }) == nil { reply.null() }
        return true
    }
}
