import Denylist
import RESP

/// The keys as a whole.
enum KeyspaceCommands {
    static func scan(_ arguments: Arguments, _ context: inout ServingContext) {
        guard let cursor = parseCursor(arguments[1]) else { return context.fail("ERR invalid cursor") }
        var pattern: GlobPattern?
        var count: Int64 = 10
        var isEmptyType = false
        var index = 2
        while index < arguments.count {
            guard index + 1 < arguments.count else { return context.failSyntax() }
            let word = arguments[index]
            if word.equalsIgnoringCase("match") {
                guard arguments[index + 1].byteCount <= GlobPattern.maximumLength else {
                    return context.fail(GlobPattern.tooLong)
                }
                pattern = GlobPattern(arguments[index + 1])
            } else if word.equalsIgnoringCase("count") {
                guard let number = arguments[index + 1].parseInteger() else { return context.failNotAnInteger() }
                guard number >= 1 else { return context.failSyntax() }
                count = number
            } else if word.equalsIgnoringCase("type") {
                isEmptyType = !arguments[index + 1].equalsIgnoringCase("string")
            } else {
                return context.failSyntax()
            }
            index += 2
        }

        var keys = KeyList(version: context.reply.version, limit: context.reply.limit)
        let wanted = Int(min(count, 1 << 20))
        var (next, visited, steps) = (cursor, 0, 0)
        // A part of the table may hold few keys, or none: a small table is walked in one call, as in Redis.
        repeat {
            next = context.daemon.scan(
                context.database, from: next, count: wanted - visited, at: context.moment
            ) { key in
                visited += 1
                if !isEmptyType, pattern?.matches(key) ?? true { keys.append(key) }
            }
            steps += 1
        } while next != 0 && visited < wanted && steps < maximumSteps
        context.reply.array(2)
        context.reply.bulk(String(next))
        keys.write(to: &context.reply)
    }

    /// What one `SCAN` goes on through while it has found less than it should.
    private static let maximumSteps = 64

    /// Unsigned, as Redis reads it; a negative one wraps around.
    private static func parseCursor(_ bytes: RawSpan) -> UInt64? {
        guard (1...20).contains(bytes.byteCount) else { return nil }
        return bytes.withUnsafeBytes { bytes in
            let isNegative = bytes.first == UInt8(ascii: "-")
            let digits = isNegative ? bytes.dropFirst() : bytes[...]
            guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return UInt64(String(decoding: digits, as: UTF8.self)).map { isNegative ? 0 &- $0 : $0 }
        }
    }

    static func keys(_ arguments: Arguments, _ context: inout ServingContext) {
        guard arguments[1].byteCount <= GlobPattern.maximumLength else { return context.fail(GlobPattern.tooLong) }
        let pattern = GlobPattern(arguments[1])
        var keys = KeyList(version: context.reply.version, limit: context.reply.limit)
        var cursor: UInt64 = 0
        repeat {
            cursor = context.daemon.scan(context.database, from: cursor, count: 1024, at: context.moment) { key in
                if pattern.matches(key) { keys.append(key) }
            }
        } while cursor != 0
        keys.write(to: &context.reply)
    }

    static func randomkey(_ context: inout ServingContext) {
        let isVisited = context.daemon.visitRandomKey(of: context.database, at: context.moment) {
            context.reply.bulk($0)
        }
        if !isVisited { context.reply.null() }
    }

    static func dbsize(_ context: inout ServingContext) {
        context.reply.integer(Int64(context.daemon.keyCount(of: context.database)))
    }

    /// Database 0 is the denylist: emptying it takes back every revocation. The others hold plain keys only.
    static func flushdb(_ arguments: Arguments, _ context: inout ServingContext) {
        guard context.database != 0 else { return flush(arguments, everything: false, &context) }
        guard arguments.endWithFlushMode(after: 1) else { return context.failSyntax() }
        context.holds.wait(for: context.daemon.flush(database: context.database))
        context.reply.ok()
    }

    static func flushall(_ arguments: Arguments, _ context: inout ServingContext) {
        flush(arguments, everything: true, &context)
    }

    private static func flush(_ arguments: Arguments, everything: Bool, _ context: inout ServingContext) {
        guard arguments.endWithFlushMode(after: 1) else { return context.failSyntax() }
        let flush = context.daemon.flush(everything: everything)
        if let later = flush.later { context.holds.wait(for: later) }
        context.holds.wait(for: flush.position)
        context.reply.ok()
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
