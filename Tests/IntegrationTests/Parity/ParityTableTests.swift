import RevokedServer
import TestSupport
import Testing

/// Every command by hand: its options, its errors, its edges; in RESP2 and RESP3.
@Suite struct ParityTableTests {
    @Test(arguments: ParityPair.Version.allCases)
    func strings(_ version: ParityPair.Version) async throws { try await compare(ParityTable.strings, version) }

    @Test(arguments: ParityPair.Version.allCases)
    func changes(_ version: ParityPair.Version) async throws { try await compare(ParityTable.changes, version) }

    @Test(arguments: ParityPair.Version.allCases)
    func set(_ version: ParityPair.Version) async throws { try await compare(ParityTable.set, version) }

    @Test(arguments: ParityPair.Version.allCases)
    func expiry(_ version: ParityPair.Version) async throws { try await compare(ParityTable.expiry, version) }

    @Test(arguments: ParityPair.Version.allCases)
    func keys(_ version: ParityPair.Version) async throws { try await compare(ParityTable.keys, version) }

    @Test(arguments: ParityPair.Version.allCases)
    func connection(_ version: ParityPair.Version) async throws { try await compare(ParityTable.connection, version) }

    @Test(arguments: ParityPair.Version.allCases)
    func server(_ version: ParityPair.Version) async throws { try await compare(ParityTable.server, version) }

    /// Each case on new connections and an empty store, once command by command and once in one write.
    private func compare(_ cases: [[WireCommand]], _ version: ParityPair.Version) async throws {
        let redis = try LocalRedis()
        // As the other side: with a directory and without a log.
        let folder = try TemporaryFolder()
        try await LocalDaemon.run {
            $0.directory = folder.path
            $0.isLogging = false
        } _: { daemon in
            for commands in cases {
                let single = try ParityPair(daemon, redis, version)
                try single.flush()
                for command in commands { try single.run([command], exception: Self.exception(commands)) }
                let pipelined = try ParityPair(daemon, redis, version)
                try pipelined.flush()
                try pipelined.run(commands, "in one write: ", exception: Self.exception(commands))
            }
        }
    }

    /// A case that only gives absolute times compares them exactly.
    private static func exception(_ commands: [WireCommand]) -> (WireCommand) -> ParityException {
        let areTimesExact = !commands.contains { command in
            ["setex", "psetex", "expire", "pexpire"].contains(command.name)
                || ["ex", "px"].contains { word in
                    (2..<max(2, command.words.count)).contains { command.word($0) == word }
                }
        }
        return { ParityException.of($0, areTimesExact: areTimesExact) }
    }
}
