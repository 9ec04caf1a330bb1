import Foundation
import TestSupport
import Testing

/// The real process is killed while clients send transactions: on disk each is whole or not at all.
@Suite struct TransactionKillTests {
    /// For each transport. For more: `REVOKED_KILLS=100 swift test --filter TransactionKillTests`.
    private static let kills = ProcessInfo.processInfo.environment["REVOKED_KILLS"].flatMap { Int($0) } ?? 12
    private static let clients = 3

    /// The keys that a transaction of a client sets to its number, all of them; one of them is a revocation's.
    private static func transaction(_ client: Int, _ number: Int, _ keys: Int) -> [WireCommand] {
        ["MULTI"] + (0..<keys).map { WireCommand(text: "SET t:\(client):\($0) \(number)") } + [
            WireCommand(text: "DEL t:\(client):gone"),
            WireCommand(text: "MSET t:\(client):x \(number) t:\(client):y \(number)"),
            WireCommand(text: "SETEX revoked:jti:\(client)-\(number) 10000 logout"), "EXEC",
        ]
    }

    @Test(arguments: ["epoll", "nio"])
    func aTransactionIsWholeOrNotThere(_ transport: String) throws {
        var random = SeededGenerator(seed: transport == "epoll" ? 11 : 12)
        let data = try DataFolder()
        // Rewrites go on meanwhile.
        let settings = ["--transport", transport, "--auto-aof-rewrite-min-size", "20kb"]
        var daemon = try data.start(settings)
        let epoch = try daemon.epoch()
        // By client: the last that was acknowledged, and the last that was sent.
        var acknowledged = [Int](repeating: 0, count: Self.clients)
        var sent = acknowledged
        var torn = 0
        for _ in 0..<Self.kills {
            let sockets = try (0..<Self.clients).map { _ in try daemon.connect() }
            for _ in 0..<random.number(1..<30) {
                for client in 0..<Self.clients {
                    sent[client] += 1
                    let commands = Self.transaction(client, sent[client], random.number(0..<5) == 0 ? 200 : 5)
                    try sockets[client].send(commands.flatMap(\.encoded))
                    for _ in 1..<commands.count { _ = try sockets[client].reply() }
                    #expect(try sockets[client].reply().starts(with: "*".utf8))
                    acknowledged[client] = sent[client]
                }
            }
            // Some of these are cut off half-way.
            for client in 0..<Self.clients {
                for _ in 0..<40 {
                    sent[client] += 1
                    try sockets[client].send(Self.transaction(client, sent[client], 5).flatMap(\.encoded))
                }
            }
            if random.chance(30) { daemon.process.terminate(SIGSTOP) }
            try daemon.kill()
            daemon = try data.start(settings)
            #expect(try daemon.epoch() == epoch)
            torn += try Self.check(daemon, acknowledged, sent)
            acknowledged = sent
            try Self.settle(daemon, sent)
        }
        #expect(sent.reduce(0, +) > Self.kills * Self.clients * 40)
        print("\(transport): \(Self.kills) kills, \(sent.reduce(0, +)) transactions, \(torn) of them came too late")
    }

    /// - Returns: how many transactions that were not acknowledged are not there.
    private static func check(_ daemon: DaemonProcess, _ acknowledged: [Int], _ sent: [Int]) throws -> Int {
        let socket = try daemon.connect()
        var missing = 0
        for client in 0..<clients {
            let keys = (0..<5).map { "t:\(client):\($0)" } + ["t:\(client):x", "t:\(client):y"]
            let values = try ReplyFrame.elements(
                of: socket.command(WireCommand(text: "MGET " + keys.joined(separator: " "))))
            let numbers = values.map { ReplyFrame.bulk($0).flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0 }
            let found = numbers[0]
            #expect(Set(numbers) == [found], "client \(client): \(numbers)")
            #expect((acknowledged[client]...sent[client]).contains(found))
            // The revocation of the same transaction is there, and that of the next is not.
            try socket.expect(WireCommand(text: "EXISTS revoked:jti:\(client)-\(found)"), ":1")
            try socket.expect(WireCommand(text: "EXISTS revoked:jti:\(client)-\(found + 1)"), ":0")
            missing += sent[client] - found
        }
        return missing
    }

    /// Makes the last transaction of each client the present one.
    private static func settle(_ daemon: DaemonProcess, _ sent: [Int]) throws {
        for client in 0..<clients {
            let socket = try daemon.connect()
            let commands = transaction(client, sent[client], 5)
            try socket.send(commands.flatMap(\.encoded))
            for _ in commands { _ = try socket.reply() }
        }
    }
}
