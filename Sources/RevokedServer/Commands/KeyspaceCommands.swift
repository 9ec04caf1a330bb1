import Denylist
import RESP

/// The keys as a whole.
enum KeyspaceCommands {
    static func scan(_ arguments: Arguments, _ worker: inout Worker) {
        guard let cursor = parseCursor(arguments[1]) else { return worker.fail("ERR invalid cursor") }
        var pattern: GlobPattern?
        var count: Int64 = 10
        var isEmptyType = false
        var index = 2
        while index < arguments.count {
            guard index + 1 < arguments.count else { return worker.failSyntax() }
            let word = arguments[index]
            if word.equalsIgnoringCase("match") {
                guard arguments[index + 1].byteCount <= GlobPattern.maximumLength else {
                    return worker.fail(GlobPattern.tooLong)
                }
                pattern = GlobPattern(arguments[index + 1])
            } else if word.equalsIgnoringCase("count") {
                guard let number = arguments[index + 1].parseInteger() else { return worker.failNotAnInteger() }
                guard number >= 1 else { return worker.failSyntax() }
                count = number
            } else if word.equalsIgnoringCase("type") {
                isEmptyType = !arguments[index + 1].equalsIgnoringCase("string")
            } else {
                return worker.failSyntax()
            }
            index += 2
        }

        var keys = KeyList(version: worker.reply.version, limit: worker.reply.limit)
        let next = worker.daemon.scan(from: cursor, count: Int(min(count, 1 << 20)), at: worker.moment) { key in
            if !isEmptyType, pattern?.matches(key) ?? true { keys.append(key) }
        }
        worker.reply.array(2)
        worker.reply.bulk(String(next))
        keys.write(to: &worker.reply)
    }

    /// Unsigned, as Redis reads it.
    private static func parseCursor(_ bytes: RawSpan) -> UInt64? {
        guard (1...20).contains(bytes.byteCount) else { return nil }
        return bytes.withUnsafeBytes { UInt64(String(decoding: $0, as: UTF8.self)) }
    }

    static func keys(_ arguments: Arguments, _ worker: inout Worker) {
        guard arguments[1].byteCount <= GlobPattern.maximumLength else { return worker.fail(GlobPattern.tooLong) }
        let pattern = GlobPattern(arguments[1])
        var keys = KeyList(version: worker.reply.version, limit: worker.reply.limit)
        var cursor: UInt64 = 0
        repeat {
            cursor = worker.daemon.scan(from: cursor, count: 1024, at: worker.moment) { key in
                if pattern.matches(key) { keys.append(key) }
            }
        } while cursor != 0
        keys.write(to: &worker.reply)
    }

    static func randomkey(_ worker: inout Worker) {
        if !worker.daemon.visitRandomKey(at: worker.moment, { worker.reply.bulk($0) }) { worker.reply.null() }
    }

    static func dbsize(_ worker: inout Worker) {
        worker.reply.integer(Int64(worker.daemon.keyCount))
    }

    /// `FLUSHDB` and `FLUSHALL`: there is one database.
    static func flush(_ arguments: Arguments, _ worker: inout Worker) {
        guard
            arguments.count == 1
                || arguments.count == 2
                    && (arguments[1].equalsIgnoringCase("async") || arguments[1].equalsIgnoringCase("sync"))
        else { return worker.failSyntax() }
        let flush = worker.daemon.flush()
        if let later = flush.later { worker.wait(for: later) } else { worker.wait(for: flush.position) }
        worker.reply.ok()
    }
}

/// An array of keys whose length is known only at its end.
private struct KeyList: ~Copyable {
    private var bytes: ReplyBuffer
    private var count = 0

    init(version: ProtocolVersion, limit: Int) {
        bytes = ReplyBuffer(limit: limit)
        bytes.version = version
    }

    mutating func append(_ key: RawSpan) {
        bytes.bulk(key)
        count += 1
    }

    func write(to reply: inout ReplyBuffer) {
        reply.array(count)
        reply.append(bytes)
    }
}
