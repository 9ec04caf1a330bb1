import Foundation
import Testing

/// Random command sequences, the same in every run: 200,000 commands, pipelined.
@Suite struct ParityRandomTests {
    private static let commands = 100_000
    private static let pipeline = 250

    @Test(arguments: ParityPair.Version.allCases)
    func randomSequences(_ version: ParityPair.Version) async throws {
        let redis = try LocalRedis()
        try await LocalDaemon.run { daemon in
            let pair = try ParityPair(daemon, redis, version)
            try pair.flush()
            var random = RandomCommands(
                seed: UInt64(20_260_000 + version.rawValue), now: Int64(Date().timeIntervalSince1970))
            for batch in 0..<(Self.commands / Self.pipeline) {
                try Self.run(&random, pair)
                if batch % 20 == 0 {
                    try pair.compareScan()
                    try pair.compareScan(["COUNT", "3", "MATCH", "*[1-2]*"])
                    try pair.compareScan(["TYPE", "string"])
                    try pair.compareScan(["TYPE", "list"])
                }
            }
        }
    }

    private static func run(_ random: inout RandomCommands, _ pair: ParityPair) throws {
        var commands: [WireCommand] = []
        var exceptions: [ParityException] = []
        for _ in 0..<pipeline {
            let command = random.next()
            commands.append(command)
            exceptions.append(exception(command, random.mayHoldExpired))
        }
        var index = -1
        try pair.run(commands) { _ in
            index += 1
            return exceptions[index]
        }
    }

    private static func exception(_ command: WireCommand, _ mayHoldExpired: Bool) -> ParityException {
        if command.name == "dbsize", mayHoldExpired { return .sameType }
        // Keys in upper case were given absolute times only.
        let first = command.words.count > 1 ? command.words[1].first ?? 0 : 0
        let isUpper = (0x41...0x5A).contains(first) || first == 0xC0 || first == 0xC1
        return ParityException.of(command, areTimesExact: isUpper)
    }
}
