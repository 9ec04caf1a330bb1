import RevokedServer
import Testing

/// What `COMMAND INFO` says of our commands is what redis-server says of its own: cluster and pool clients go by it.
@Suite struct CommandFlagsTests {
    private struct Description: Equatable {
        /// Arity, first key, last key, step.
        var numbers: [Int64]
        var flags: Set<String>

        init(_ reply: Bytes) throws {
            let fields = try ReplyFrame.elements(of: reply)
            guard fields.count >= 6 else { throw TestFailure("no description: \(readable(reply))") }
            numbers = [fields[1], fields[3], fields[4], fields[5]].compactMap(ReplyFrame.integer)
            let marks = try ReplyFrame.elements(of: fields[2])
            flags = Set(marks.map { String(decoding: $0.dropFirst().dropLast(2), as: UTF8.self) })
        }
    }

    /// The flags that we report at all. The others are about scripts, transactions, replicas and modules.
    private static let known: Set = ["write", "readonly", "denyoom", "admin", "no_auth", "fast", "loading"]
    /// Where ours are more: undoing takes the admin; a client may ask about itself and the settings while data is
    /// loaded.
    private static let additional: [String: Set<String>] = [
        "flushall": ["admin"], "flushdb": ["admin"], "client": ["loading"], "config": ["loading"],
    ]

    @Test func arityKeysAndFlagsAreRedis() async throws {
        let redis = try LocalRedis()
        try await LocalDaemon.run { daemon in
            let (ours, theirs) = (try daemon.connect(), try redis.connect())
            let names = try ReplyFrame.elements(of: ours.command(["COMMAND"])).map { command in
                try ReplyFrame.elements(of: command).first.flatMap(ReplyFrame.bulk) ?? []
            }
            #expect(names.count > 40)
            for name in names {
                var question: WireCommand = ["COMMAND", "INFO"]
                question.words.append(name)
                let text = String(decoding: name, as: UTF8.self)
                let mine = try ReplyFrame.elements(of: ours.command(question))
                let other = try ReplyFrame.elements(of: theirs.command(question))
                guard let mine = mine.first, let other = other.first else {
                    Issue.record("no description of \(text)")
                    continue
                }
                var expected = try Description(other)
                expected.flags.formIntersection(Self.known)
                expected.flags.formUnion(Self.additional[text] ?? [])
                #expect(expected.numbers.count == 4)
                #expect(try Description(mine) == expected, "\(text)")
            }
        }
    }
}
