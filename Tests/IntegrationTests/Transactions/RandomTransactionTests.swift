import Foundation
import TestSupport
import Testing

/// Random transactions of several connections, the same in every run, beside redis-server: the same replies.
/// `TRANSACTIONS` is how many.
@Suite struct RandomTransactionTests {
    private static let transactions =
        ProcessInfo.processInfo.environment["TRANSACTIONS"].flatMap(Int.init) ?? 2_000
    private static let connections = 4

    /// One connection to both servers, and what it has queued.
    private struct Client {
        let number: Int
        let pair: ParityPair
        let history: History
        var queued: [(command: WireCommand, exception: ParityException)]?
    }

    @Test func theSameReplies() async throws {
        let redis = try LocalRedis()
        try await LocalDaemon.run { daemon in
            var random = SeededGenerator(seed: 18)
            var commands = RandomCommands(seed: 19, now: Int64(Date().timeIntervalSince1970))
            let history = History()
            var clients = try (0..<Self.connections).map { number in
                Client(
                    number: number, pair: try ParityPair(daemon, redis, number % 2 == 0 ? .two : .three),
                    history: history)
            }
            var ends: [String: Int] = [:]
            var count = 0
            while count < Self.transactions {
                let number = random.number(0..<clients.count)
                guard let end = try Self.step(&clients[number], &random, &commands) else { continue }
                ends[end, default: 0] += 1
                count += 1
            }
            // Each way to end came often enough to say something.
            for end in ["executed", "changed", "aborted", "discarded"] {
                #expect(ends[end, default: 0] > Self.transactions / 100, "\(ends)")
            }
            print("\(count) transactions: \(ends)")
        }
    }

    /// The last commands of all connections, for who has to find out what went wrong.
    private final class History {
        private(set) var lines: [String] = []

        func add(_ client: Int, _ command: WireCommand) {
            let text = command.description
            lines.append("\(client): \(text.count > 100 ? text.prefix(60) + "…" + text.suffix(40) : text)")
            if lines.count > 60 { lines.removeFirst() }
        }
    }

    /// One command of one connection.
    /// - Returns: how its transaction ended, if it did.
    private static func step(
        _ client: inout Client, _ random: inout SeededGenerator, _ commands: inout RandomCommands
    ) throws -> String? {
        guard let queued = client.queued else {
            let (command, exception) = outside(&random, &commands)
            let reply = try ask(client, command) { exception.difference(ours: $0, theirs: $1) }
            if command.name == "multi", reply == Bytes("+OK\r\n".utf8) { client.queued = [] }
            return nil
        }
        let (command, exception) = inside(&random, &commands)
        let reply = try ask(client, command) {
            command.name == "exec" ? difference(queued, $0, $1) : exception.difference(ours: $0, theirs: $1)
        }
        if reply == Bytes("+QUEUED\r\n".utf8) { client.queued?.append((command, exception)) }
        let hasEnded = command.words.count == 1 ? ["exec", "discard", "reset"] : ["exec"]
        guard hasEnded.contains(command.name) else { return nil }
        client.queued = nil
        if command.name != "exec" { return "discarded" }
        if reply == Bytes("*-1\r\n".utf8) || reply == Bytes("_\r\n".utf8) { return "changed" }
        return reply.first == UInt8(ascii: "-") ? "aborted" : "executed"
    }

    private static func outside(
        _ random: inout SeededGenerator, _ commands: inout RandomCommands
    ) -> (WireCommand, ParityException) {
        switch random.number(0..<100) {
        case 0..<30: return (["MULTI"], .none)
        case 30..<50: return (watch(&commands), .none)
        case 50..<52: return (["UNWATCH"], .none)
        case 52..<53: return ([random.pick(["EXEC", "DISCARD"])], .none)
        default: return ordinary(&commands)
        }
    }

    private static func inside(
        _ random: inout SeededGenerator, _ commands: inout RandomCommands
    ) -> (WireCommand, ParityException) {
        switch random.number(0..<1000) {
        case 0..<180: return (["EXEC"], .none)
        case 180..<190: return (["DISCARD"], .none)
        case 190..<193: return (["RESET"], .none)
        case 193..<200: return (["MULTI"], .none)
        case 200..<210: return (watch(&commands), .none)
        case 210..<215: return (["UNWATCH"], .none)
        case 215..<218: return (["EXEC", "x"], .none)
        case 218..<221: return (["SAVE"], .none)
        default: return ordinary(&commands)
        }
    }

    private static func watch(_ commands: inout RandomCommands) -> WireCommand {
        WireCommand([Bytes("watch".utf8)] + commands.keys(1..<4))
    }

    private static func ordinary(_ commands: inout RandomCommands) -> (WireCommand, ParityException) {
        let command = commands.next()
        if command.name == "dbsize" { return (command, .sameType) }
        return (command, ParityException.of(command))
    }

    /// Compares what one transaction answered, command by command.
    private static func difference(
        _ queued: [(command: WireCommand, exception: ParityException)], _ ours: Bytes, _ theirs: Bytes
    ) -> String? {
        guard ours != theirs else { return nil }
        let (mine, other) = ((try? ReplyFrame.elements(of: ours)) ?? [], (try? ReplyFrame.elements(of: theirs)) ?? [])
        guard ours.first == UInt8(ascii: "*"), mine.count == queued.count, other.count == queued.count else {
            return ParityException.none.difference(ours: ours, theirs: theirs)
        }
        for index in queued.indices {
            if let difference = queued[index].exception.difference(ours: mine[index], theirs: other[index]) {
                return "\n  \(queued[index].command)\(difference)"
            }
        }
        return nil
    }

    /// - Returns: our reply.
    private static func ask(
        _ client: Client, _ command: WireCommand, _ difference: (Bytes, Bytes) -> String?
    ) throws -> Bytes {
        let (ours, theirs) = (try client.pair.ours.command(command), try client.pair.theirs.command(command))
        if let difference = difference(ours, theirs) {
            let before = client.history.lines.joined(separator: "\n    ")
            Issue.record("\(client.number): \(command)\(difference)\n  after:\n    \(before)")
        }
        client.history.add(client.number, command)
        return ours
    }
}
