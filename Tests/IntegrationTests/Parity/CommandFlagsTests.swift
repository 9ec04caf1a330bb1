import RevokedServer
import Testing

/// What `COMMAND INFO` says of our commands is what redis-server says of its own: cluster and pool clients go by it.
@Suite struct CommandFlagsTests {
    private struct Description: Equatable {
        let name: Bytes
        /// Arity, first key, last key, step.
        let numbers: [Int64]
        var flags: Set<String>
        let categories: Set<String>
        let tips: [Bytes]
        /// Where the keys stand and what becomes of them, without the notes.
        let keys: [Bytes]
        let subcommands: [Description]

        init(_ reply: Bytes) throws {
            let fields = try ReplyFrame.elements(of: reply)
            guard fields.count == 10, let name = ReplyFrame.bulk(fields[0]) else {
                throw TestFailure("no description: \(readable(reply))")
            }
            self.name = name
            numbers = [fields[1], fields[3], fields[4], fields[5]].compactMap(ReplyFrame.integer)
            (flags, categories) = (try Self.words(fields[2]), try Self.words(fields[6]))
            tips = try Self.elements(fields[7]).compactMap(ReplyFrame.bulk)
            keys = try Self.elements(fields[8]).map { specification in
                let fields = try ReplyFrame.elements(of: specification)
                return fields.first == Bytes("$5\r\nnotes\r\n".utf8)
                    ? Bytes(fields.dropFirst(2).joined()) : Bytes(fields.joined())
            }
            subcommands = try Self.elements(fields[9]).map { try Description($0) }
        }

        /// Those of an array, which may be empty.
        private static func elements(_ reply: Bytes) throws -> [Bytes] {
            reply.starts(with: "*0".utf8) ? [] : try ReplyFrame.elements(of: reply)
        }

        private static func words(_ reply: Bytes) throws -> Set<String> {
            Set(try elements(reply).map { String(decoding: $0.dropFirst().dropLast(2), as: UTF8.self) })
        }
    }

    /// Newer than 7.0.15, which client libraries send, and ours.
    private static let newer: Set = ["client|setinfo", "client|no-touch", "delex", "delifeq", "msetex", "lease"]

    @Test func arityKeysAndFlagsAreRedis() async throws {
        let redis = try LocalRedis()
        try await LocalDaemon.run { daemon in
            let (ours, theirs) = (try daemon.connect(), try redis.connect())
            let names = try ReplyFrame.elements(of: ours.command(["COMMAND"])).map { command in
                try ReplyFrame.elements(of: command).first.flatMap(ReplyFrame.bulk) ?? []
            }
            #expect(names.count > 40)
            for name in names where !Self.newer.contains(String(decoding: name, as: UTF8.self)) {
                var question: WireCommand = ["COMMAND", "INFO"]
                question.words.append(name)
                let text = String(decoding: name, as: UTF8.self)
                let mine = try ReplyFrame.elements(of: ours.command(question))
                let other = try ReplyFrame.elements(of: theirs.command(question))
                guard let mine = mine.first, let other = other.first else {
                    Issue.record("no description of \(text)")
                    continue
                }
                let (own, expected) = (try Description(mine), try Description(other))
                #expect(expected.numbers.count == 4)
                #expect(own.numbers == expected.numbers && own.keys == expected.keys, "\(text)")
                #expect(own.tips == expected.tips, "\(text)")
                #expect(own.flags == expected.flags && own.categories == expected.categories, "\(text)")
                for subcommand in own.subcommands
                where !Self.newer.contains(String(decoding: subcommand.name, as: UTF8.self)) {
                    #expect(expected.subcommands.contains(subcommand), "\(readable(subcommand.name))")
                }
                #expect(own.subcommands.isEmpty == expected.subcommands.isEmpty, "\(text)")
            }
        }
    }
}
