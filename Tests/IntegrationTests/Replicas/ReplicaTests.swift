import Foundation
import TestSupport
import Testing

/// A stock redis-server copies the daemon.
@Suite(.timeLimit(.minutes(2))) struct ReplicaTests {
    private let data: DataFolder

    init() throws { data = try DataFolder() }

    private func replica(of daemon: DaemonProcess, _ settings: [String] = []) throws -> LocalRedis {
        try LocalRedis(["--replicaof", "127.0.0.1", "\(daemon.port)", "--repl-timeout", "10"] + settings)
    }

    /// Everything that was written is at so many replicas.
    private func waitForReplica(_ socket: TestSocket) async throws {
        try await eventually("the replica has everything") { try socket.ask("WAIT 1 100") == ":1" }
    }

    @Test func itHasWhatWasWrittenBeforeAndAfter() async throws {
        let daemon = try data.start()
        let socket = try daemon.connect()
        try socket.expect("SETEX revoked:jti:before 1000 logout", "+OK")
        try socket.expect("SELECT 3", "+OK")
        try socket.expect("SET three 3", "+OK")
        try socket.expect("SELECT 0", "+OK")
        let replica = try replica(of: daemon)
        try await waitForReplica(socket)
        // Longer than what is read at once.
        try socket.expect("SET long \(String(repeating: "x", count: 300_000))", "+OK")
        try socket.expect("MULTI", "+OK")
        try socket.expect("SETEX revoked:sid:s 500 logout", "+QUEUED")
        try socket.expect("SET plain v", "+QUEUED")
        _ = try socket.ask("EXEC")
        try socket.expect("SET short v PX 20", "+OK")
        try socket.expect("DEL plain", ":1")
        try await waitForReplica(socket)
        let copy = try replica.connect()
        try copy.expect("MGET revoked:jti:before revoked:sid:s plain", "[\"logout\", \"logout\", nil]")
        try copy.expect("STRLEN long", ":300000")
        // What has expired is removed there, too.
        try await eventually("the expired key is gone") { try copy.ask("DBSIZE") == ":3" }
        let expiries = try [socket, copy].map { Int(try $0.ask("PEXPIRETIME revoked:jti:before").dropFirst()) ?? 0 }
        #expect(expiries[0] > 0 && expiries[1] >= expiries[0])
        try copy.expect("SELECT 3", "+OK")
        try copy.expect("GET three", "\"3\"")
        // The epoch is nobody's but the daemon's.
        try copy.expect("EXISTS revoked.epoch revoked.terms", ":0")
        #expect(try daemon.information("connected_slaves") == 1)
        #expect(try socket.ask("ROLE").contains("127.0.0.1"))
        try socket.expect("WAIT 1 0", ":1")
        try socket.expect("WAIT 2 50", ":1")
    }

    @Test func itGoesOnWhereItWas() async throws {
        let daemon = try data.start()
        let socket = try daemon.connect()
        let replica = try replica(of: daemon)
        try await waitForReplica(socket)
        for round in 0..<3 {
            #expect(try socket.ask("CLIENT KILL TYPE replica") == ":1")
            try socket.expect("SETEX revoked:jti:\(round) 1000 logout", "+OK")
            try await waitForReplica(socket)
            try replica.connect().expect("EXISTS revoked:jti:\(round)", ":1")
            #expect(try daemon.information("sync_partial_ok") == round + 1)
        }
        // What it needs is in no file any more once the log has been written anew: it copies the whole.
        try replica.connect().expect("REPLICAOF NO ONE", "+OK")
        try socket.expect("SETEX revoked:jti:late 1000 logout", "+OK")
        let rewrites = try daemon.information("aof_rewrites")
        _ = try socket.ask("BGREWRITEAOF")
        try await eventually("it is written") { try daemon.information("aof_rewrites") > rewrites }
        try replica.connect().expect("REPLICAOF 127.0.0.1 \(daemon.port)", "+OK")
        try await waitForReplica(socket)
        try replica.connect().expect("MGET revoked:jti:0 revoked:jti:late", "[\"logout\", \"logout\"]")
    }

    @Test func itComesBackAfterAKill() async throws {
        var daemon = try data.start()
        let replica = try replica(of: daemon)
        var socket = try daemon.connect()
        try await waitForReplica(socket)
        try socket.expect("SETEX revoked:jti:a 1000 logout", "+OK")
        try daemon.kill()
        daemon = try data.start(["--port", "\(daemon.port)"])
        socket = try daemon.connect()
        try socket.expect("SETEX revoked:jti:b 1000 logout", "+OK")
        try await waitForReplica(socket)
        try replica.connect().expect("MGET revoked:jti:a revoked:jti:b", "[\"logout\", \"logout\"]")
        // It lacked one record, and gets no more than that.
        #expect(try daemon.information("sync_full") == 0)
        #expect(try daemon.information("sync_partial_ok") == 1)
        // Its own log, with what replicas hear in it, is read again.
        _ = try socket.ask("WAIT 2 300")
        try daemon.kill()
        daemon = try data.start()
        try daemon.connect().expect("MGET revoked:jti:a revoked:jti:b", "[\"logout\", \"logout\"]")
    }

    @Test func withoutALogThereIsNothingToCopy() async throws {
        let daemon = try data.start()
        let socket = try daemon.connect()
        let replica = try replica(of: daemon)
        try await waitForReplica(socket)
        try socket.expect("CONFIG SET appendonly no", "+OK")
        try socket.expect("SETEX revoked:jti:unlogged 1000 logout", "+OK")
        try await eventually("the replica is ended") { try daemon.information("connected_slaves") == 0 }
        try socket.expect("CONFIG SET appendonly yes", "+OK")
        try await waitForReplica(socket)
        try replica.connect().expect("GET revoked:jti:unlogged", "\"logout\"")
    }

    @Test func whatCannotBeIsRefused() throws {
        let memory = try DaemonProcess(["--appendonly", "no"])
        #expect(try memory.connect().ask("PSYNC ? -1").hasPrefix("-ERR what replicas copy is the log on disk"))
        let daemon = try data.start()
        let socket = try daemon.connect()
        try socket.expect("REPLCONF listening-port 70000", "-ERR value is not an integer or out of range")
        try socket.expect("REPLCONF surprise 1", "-ERR Unrecognized REPLCONF option")
        try socket.expect("REPLCONF capa eof capa psync2", "+OK")
        try socket.expect("PSYNC ? x", "-ERR value is not an integer or out of range")
        #expect(try socket.ask("SYNC").hasPrefix("-ERR replicas older"))
        #expect(try socket.ask("REPLICAOF 127.0.0.1 1").hasPrefix("-ERR this server copies no other"))
        try socket.expect("WAIT 1 0", ":0")
        // A position that is not that of a record, and one to come: the whole table.
        for offset in ["2", "999999999999"] {
            let other = try daemon.connect()
            try other.send(WireCommand("PSYNC \(String(repeating: "a", count: 40)) \(offset)").encoded)
            try socket.expect("PING", "+PONG")
        }
    }
}
