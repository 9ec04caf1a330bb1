import TestSupport
import Testing

/// Leases that a killed daemon has promised.
@Suite(.timeLimit(.minutes(2))) struct LeaseRestartTests {
    private static let name = String(repeating: "0a", count: 16)

    /// A follower gets a lease: from then on its stream has to be kept open.
    private func promise(by daemon: DaemonProcess) async throws -> [TestSocket] {
        let (socket, stream) = (try daemon.connect(), try daemon.connect())
        let rewrites = try daemon.information("aof_rewrites")
        _ = try socket.ask("BGREWRITEAOF")
        try await eventually("there is a base") { try daemon.information("aof_rewrites") > rewrites }
        try stream.expect(WireCommand(text: "REPLCONF follower \(Self.name)"), "+OK")
        try stream.send(WireCommand("PSYNC ? -1").encoded)
        let words = readable(try stream.reply()).dropLast(4).split(separator: " ")
        try #require(words.count == 3 && words[0] == "+FULLRESYNC")
        try await eventually("the table was sent") { try socket.ask("INFO replication").contains("state=online") }
        try await eventually("there is a lease") {
            try socket.ask(WireCommand(text: "LEASE RENEW \(Self.name) \(words[2])")).contains("2000")
        }
        return [socket, stream]
    }

    @Test func revocationsWaitForThemAfterTheStart() async throws {
        let data = try DataFolder()
        var daemon = try data.start(["--lease", "2000"])
        let sockets = try await promise(by: daemon)
        try daemon.kill()
        let killed = ContinuousClock.now
        for socket in sockets { socket.close() }
        // A shorter lease does not shorten what was promised.
        daemon = try data.start(["--lease", "10"])
        try daemon.connect().expect("SET plain 1", "+OK")
        try daemon.connect().expect("SETEX revoked:jti:a 1000 logout", "+OK")
        #expect(ContinuousClock.now - killed >= .seconds(2))
        // Nobody follows any more: the next one waits for the disk alone.
        try daemon.connect().expect("SETEX revoked:jti:b 1000 logout", "+OK")
        #expect(try daemon.connect().ask("INFO replication").contains("lease_ms:10"))
    }
}
