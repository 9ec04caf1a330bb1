import NIOCore
import RESP

/// What a client may learn of revocations from a reply that is passed on. The daemon shows an entry before the copy has
/// it: a client that has seen it must not get the copy's old answer afterwards, on any connection.
enum Disclosure {
    /// Nothing.
    case nothing
    /// Nothing that the copy does not have, if it answers this request with the same bytes.
    case compared(request: [UInt8])
    /// Perhaps an entry that the copy does not have yet.
    case anything
    /// Nothing now: that of `WATCH`, by which `EXEC` may.
    case watch
    /// That of `EXEC`: what the commands in between may disclose.
    case exec

    /// Commands that name no key, or not all keys that they may read.
    private static let ofAllKeys: Set = [
        "cluster", "dbsize", "eval", "eval_ro", "evalsha", "evalsha_ro", "flushall", "flushdb", "info", "keys",
        "memory", "randomkey", "scan", "slowlog", "swapdb",
    ]

    /// - Parameter isCovered: whether the copy has keys such as this one.
    init(
        _ kind: CommandKind, _ arguments: RequestArguments, _ request: RawSpan, isCovered: (RawSpan) -> Bool
    ) {
        var covered = 0
        for index in 1..<max(1, arguments.count) where isCovered(arguments[index]) { covered += 1 }
        if kind == .exec {
            self = .exec
        } else if kind.isCheck, covered == arguments.count - 1, covered <= ConversationLimits.keys,
            request.byteCount <= ConversationLimits.comparedRequest
        {
            self = .compared(request: request.withUnsafeBytes { Array($0) })
        } else if covered > 0 {
            self = arguments[0].equalsIgnoringCase("watch") ? .watch : .anything
        } else if !kind.isCheck, arguments[0].lowercasedWord.map(Self.ofAllKeys.contains) ?? true {
            self = .anything
        } else {
            self = .nothing
        }
    }

    /// Whether these are whole replies, all of which refuse a command for want of rights, or bytes that are no command.
    /// They say nothing of any key.
    static func isRefusal(_ bytes: ByteBufferView) -> Bool {
        guard bytes.count < ConversationLimits.refusals, bytes.last == UInt8(ascii: "\n") else { return false }
        return bytes.split(separator: UInt8(ascii: "\n")).allSatisfy { line in
            line.starts(with: "-NOAUTH ".utf8) || line.starts(with: "-WRONGPASS ".utf8)
                || line.starts(with: "-NOPERM ".utf8) || line.starts(with: "-ERR Protocol error".utf8)
        }
    }
}

extension Conversation {
    /// Whether the copy answers a check with just these bytes. Then they tell nothing that it does not have.
    func isAnswered(
        _ request: [UInt8], by bytes: ByteBufferView, _ batch: inout RequestBatch, _ reply: inout ReplyBuffer
    ) -> Bool {
        guard let reading = copy.begin() else { return false }
        batch.removeAll()
        var end = 0
        let input = request.span.bytes
        _ = parser.fill(
            &batch, requests: 1, arguments: ConversationLimits.batchArguments, from: input, at: &end)
        guard batch.count == 1 else { return false }
        let arguments = RequestArguments(of: batch[0], in: batch, input: input)
        let kind = CommandKind(arguments)
        return [ProtocolVersion.two, .three].contains { version in
            reply.removeAll()
            reply.version = version
            return look(kind, arguments, reading, &reply) && !reply.hasOverflowed && copy.holds(reading)
                && bytes.elementsEqual(reply.bytes)
        }
    }
}
