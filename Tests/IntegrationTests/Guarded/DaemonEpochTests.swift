import RevokedServer
import Testing

/// The epoch is the daemon's own (Guarantees.md, 6).
@Suite struct DaemonEpochTests {
    @Test func itIsAUUIDAndNewAtEachStart() async throws {
        var seen: Set<String> = []
        for _ in 0..<3 {
            try await LocalDaemon.run { daemon in
                let epoch = try daemon.connect().ask("GET revoked.epoch").trimmingPrefix("\"").dropLast()
                let groups = epoch.split(separator: "-")
                #expect(groups.map(\.count) == [8, 4, 4, 4, 12])
                #expect(epoch.allSatisfy { $0.isHexDigit || $0 == "-" })
                #expect(seen.insert(String(epoch)).inserted)
            }
        }
    }

    @Test(arguments: ["FLUSHALL", "FLUSHDB", "FLUSHALL ASYNC", "FLUSHDB SYNC"])
    func itIsNewAfterAFlush(_ flush: String) async throws {
        try await LocalDaemon.run { daemon in
            let socket = try daemon.connect()
            let before = try socket.ask("GET revoked.epoch")
            try socket.expect(WireCommand(text: flush), "+OK")
            let after = try socket.ask("GET revoked.epoch")
            #expect(after.hasSuffix(" replaces \(before.dropFirst())") && !after.hasPrefix(before.dropLast()))
            try socket.expect("DBSIZE", ":0")
        }
    }

    @Test func nobodyElseMayChangeIt() async throws {
        try await LocalDaemon.run {
            $0.adminPassword = "admin-of-a-test"
        } _: { daemon in
            let (admin, other) = (try daemon.connect(), try daemon.connect())
            try admin.expect("AUTH admin admin-of-a-test", "+OK")
            let before = try other.ask("GET revoked.epoch")
            let writes: [WireCommand] = [
                "SET revoked.epoch x", "SET revoked.epoch x NX", "SET revoked.epoch x XX GET", "SETNX revoked.epoch x",
                "SETEX revoked.epoch 10 x", "PSETEX revoked.epoch 10 x", "MSET plain 1 revoked.epoch x",
                "DEL revoked.epoch", "UNLINK revoked.epoch", "GETDEL revoked.epoch",
                "GETEX revoked.epoch EX 1", "GETEX revoked.epoch PERSIST", "EXPIRE revoked.epoch 1",
                "EXPIRE revoked.epoch 0", "PEXPIRE revoked.epoch 1", "EXPIREAT revoked.epoch 1",
                "PEXPIREAT revoked.epoch 1", "PERSIST revoked.epoch",
            ]
            for socket in [admin, other] {
                for write in writes { try socket.expect(write, "-ERR revoked.epoch is the daemon's own…") }
                #expect(try socket.ask("GET revoked.epoch") == before)
                try socket.expect("TTL revoked.epoch", ":-1")
                try socket.expect("EXISTS plain", ":0")
            }
            try other.expect("GETEX revoked.epoch", before)
        }
    }
}
