import Foundation
import RevokedServer
import Testing

/// Whatever rules a user has, both servers allow it the same commands. `ACCESS_FUZZ_CASES` is the number of cases.
@Suite struct AccessFuzzTests {
    private static let cases = ProcessInfo.processInfo.environment["ACCESS_FUZZ_CASES"].flatMap(Int.init) ?? 6_000
    private static let casesOfAPass = 5_000
    private static let commandsOfARound = 30

    @Test func bothAllowTheSame() async throws {
        var answers: [Bytes: Int] = [:]
        for pass in 0..<max(1, Self.cases / Self.casesOfAPass) {
            try await Self.compare(seed: UInt64(17 + pass), &answers)
        }
        // It asked about all that there is to find out.
        for sort in ["+OK", "$Thi", "-ERR"] { #expect(answers[Bytes(sort.utf8), default: 0] > 100, "\(sort)") }
    }

    /// With a redis-server of its own: it logs some rules to a pipe, which would be full some day.
    private static func compare(seed: UInt64, _ answers: inout [Bytes: Int]) async throws {
        let redis = try LocalRedis()
        answers = try await LocalDaemon.run { [answers] daemon in
            var answers = answers
            let pair = try ParityPair(daemon, redis)
            var fuzz = AccessFuzz(seed: seed)
            for round in 0..<(min(casesOfAPass, cases) / commandsOfARound) {
                let user = "u\(round % 50)"
                var setting: WireCommand = ["ACL", "SETUSER", user]
                setting.words += fuzz.rules().map { Bytes($0.utf8) }
                let commands = (0..<commandsOfARound).map { _ in fuzz.command() }
                let replies = try compare([setting] + commands.map { dryRun(user, $0) }, pair)
                for reply in replies.dropFirst() { answers[sort(of: reply), default: 0] += 1 }
                if round % 10 == 0 { try compareRendered(user, commands, replies, pair) }
            }
            return answers
        }
    }

    /// Rules as `ACL LIST` writes them make the same user, here and there.
    private static func compareRendered(
        _ user: String, _ commands: [[String]], _ expected: [Bytes], _ pair: ParityPair
    ) throws {
        let list = try ReplyFrame.elements(of: pair.ours.command(["ACL", "LIST"])).compactMap(ReplyFrame.bulk)
        guard let line = list.first(where: { $0.starts(with: "user \(user) ".utf8) }) else {
            // Its rules were refused, so there is none.
            return #expect(expected[0].first == UInt8(ascii: "-"))
        }
        var setting: WireCommand = ["ACL", "SETUSER", "copy", "reset"]
        setting.words += line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).dropFirst(2).map(
            Bytes.init)
        let replies = try compare([setting] + commands.map { dryRun("copy", $0) }, pair)
        #expect(replies.dropFirst() == expected.dropFirst(), "\(readable(line))")
    }

    private static func dryRun(_ user: String, _ command: [String]) -> WireCommand {
        var question: WireCommand = ["ACL", "DRYRUN", user]
        question.words += command.map { Bytes($0.utf8) }
        return question
    }

    /// - Returns: our replies.
    private static func compare(_ questions: [WireCommand], _ pair: ParityPair) throws -> [Bytes] {
        let bytes = questions.flatMap(\.encoded)
        try pair.ours.send(bytes)
        try pair.theirs.send(bytes)
        return try questions.map { question in
            let (ours, theirs) = (try pair.ours.reply(), try pair.theirs.reply())
            // What may be a password is in no error of ours.
            if question.words.contains(where: { $0.first == UInt8(ascii: "<") }), ours.first == UInt8(ascii: "-") {
                #expect(theirs.first == ours.first, "\(question)")
            } else if theirs == Bytes("+OK\r\n".utf8), let text = ReplyFrame.bulk(ours) {
                // Nobody who is restricted administers here.
                let denied = AccessFuzz.reserved.first {
                    text == Bytes("This user has no permissions to run the '\($0)' command".utf8)
                }
                #expect(denied != nil, "\(questions[0])\n\(question)\n\(readable(ours))")
            } else {
                #expect(ours == theirs, "\(questions[0])\n\(question)\n\(readable(ours))\n\(readable(theirs))")
            }
            return ours
        }
    }

    private static func sort(of reply: Bytes) -> Bytes {
        guard let text = ReplyFrame.bulk(reply) else {
            return Bytes(reply.prefix(reply.first == UInt8(ascii: "+") ? 3 : 4))
        }
        return [UInt8(ascii: "$")] + text.prefix(3)
    }

    /// What is executed is what `ACL DRYRUN` says, and the error is Redis'.
    @Test func commandsAreAllowedAsDryRunSays() async throws {
        let redis = try LocalRedis()
        try await LocalDaemon.run { daemon in
            let administrators = try ParityPair(daemon, redis)
            var fuzz = AccessFuzz(seed: 18)
            var refused = 0
            for round in 0..<(Self.cases / 10 / Self.commandsOfARound) {
                var setting: WireCommand = ["ACL", "SETUSER", "r\(round)"]
                setting.words += fuzz.rules().map { Bytes($0.utf8) }
                try administrators.run(setting, exception: { _ in .sameType })
                try administrators.run(["ACL", "SETUSER", "r\(round)", "on", "nopass"])
                let user = try ParityPair(daemon, redis)
                try user.run(["AUTH", "r\(round)", "any"])
                for _ in 0..<Self.commandsOfARound {
                    let command = fuzz.command()
                    guard !Self.isDisruptive(command) else { continue }
                    let encoded = WireCommand(command.map { Bytes($0.utf8) })
                    let (ours, theirs) = (try user.ours.command(encoded), try user.theirs.command(encoded))
                    let isRefused = ours.starts(with: "-NOPERM".utf8)
                    let isReserved = AccessFuzz.reserved.contains {
                        ours == Bytes("-NOPERM this user has no permissions to run the '\($0)' command\r\n".utf8)
                    }
                    // Nobody who is restricted administers here.
                    if isReserved, !theirs.starts(with: "-NOPERM".utf8) { continue }
                    #expect(isRefused == theirs.starts(with: "-NOPERM".utf8), "\(setting)\n\(encoded)")
                    guard isRefused else { continue }
                    refused += 1
                    #expect(ours == theirs, "\(setting)\n\(encoded)")
                    let dry = try administrators.ours.command(Self.dryRun("r\(round)", command))
                    #expect(dry.starts(with: "$".utf8), "\(setting)\n\(encoded)")
                }
            }
            #expect(refused > 50)
        }
    }

    /// Ends the server or the connection, or changes who may do what.
    private static func isDisruptive(_ command: [String]) -> Bool {
        let words = command.map { $0.lowercased() }
        return ["shutdown", "quit", "reset", "auth", "hello", "save", "bgsave", "bgrewriteaof"].contains(words[0])
            || words[0] == "client" && words[1...].contains("kill")
            || words[0] == "acl" && !words[1...].isDisjoint(with: ["setuser", "deluser"])
            || words[0] == "config" && words.contains("set")
    }
}

extension ArraySlice<String> {
    fileprivate func isDisjoint(with others: [String]) -> Bool { !contains { others.contains($0) } }
}

extension ParityPair {
    fileprivate func run(_ command: WireCommand, exception: (WireCommand) -> ParityException) throws {
        try run([command], exception: exception)
    }
}
