import Foundation
import RevokedServer
import TestSupport
import Testing

/// An epoch that replaces another says so until an operator accepts it by both names.
@Suite struct EpochAcceptanceTests {
    /// What `revoked.epoch` holds, without its quotes.
    private static func epoch(_ socket: TestSocket) throws -> String {
        String(try socket.ask("GET revoked.epoch").dropFirst().dropLast())
    }

    /// Flushes, and reads what has to be accepted.
    private static func flush(_ socket: TestSocket) throws -> (before: String, demand: String) {
        let before = try epoch(socket)
        try socket.expect("FLUSHALL", "+OK")
        return (before, try epoch(socket))
    }

    private static func accept(_ word: String) -> WireCommand { ["SET", "revoked.accepted", word] }

    @Test func onlyTheRightWordsAreAccepted() async throws {
        try await LocalDaemon.run { daemon in
            let socket = try daemon.connect()
            let first = try Self.epoch(socket)
            for wrong in [
                "a replaces b", first, "\(first) replaces \(first)", "\(first) replaces ", "\(first) replaces a b",
            ] {
                try socket.expect(Self.accept(wrong), "-ERR revoked.accepted: only \"\(first) replaces …")
            }
            try socket.expect("GET revoked.accepted", "nil")
            let (before, demand) = try Self.flush(socket)
            let new = String(demand.prefix(36))
            #expect(demand == "\(new) replaces \(before)" && new != before)
            try socket.expect("EXISTS revoked.epoch", ":1")
            try socket.expect("MGET revoked:jti:a revoked.epoch", "[nil, \"\(demand)\"]")
            #expect(try socket.ask("INFO persistence").contains("epoch_pending:1\\r\\n"))
            for wrong in [
                "", "x", new, before, "\(before) replaces \(new)", "\(demand) ", "\(new) replaces \(new)",
                demand.uppercased(), String(repeating: "x", count: 70_000),
                "\(new) replaces 0f0e0d0c-0b0a-4908-8706-050403020100",
            ] { try socket.expect(Self.accept(wrong), "-ERR revoked.accepted: only \"\(demand)\" can be accepted") }
            try socket.expect(["SET", "revoked.accepted", demand, "NX"], "-ERR revoked.accepted is …")
            try socket.expect(["SETEX", "revoked.accepted", "10", demand], "-ERR revoked.accepted is …")
            #expect(try Self.epoch(socket) == demand)

            // In one pipeline, too.
            try socket.send(Self.accept(demand).encoded + WireCommand("MGET revoked.epoch revoked.accepted").encoded)
            #expect(try socket.reply() == Bytes("+OK\r\n".utf8))
            #expect(
                try socket.reply()
                    == Bytes("*2\r\n$36\r\n\(new)\r\n$\(demand.utf8.count)\r\n\(demand)\r\n".utf8))
            try socket.expect(Self.accept(demand), "+OK")
            try socket.expect("GET revoked.epoch", "\"\(new)\"")
            #expect(try socket.ask("INFO persistence").contains("epoch_pending:0\\r\\n"))

            // The next one replaces what was accepted, and nothing is accepted any more.
            let (accepted, next) = try Self.flush(socket)
            #expect(accepted == new && next.hasSuffix(" replaces \(new)"))
            try socket.expect("GET revoked.accepted", "nil")
            try socket.expect(Self.accept(demand), "-ERR revoked.accepted: only …")
            // Twice without an acceptance still replaces what clients believe.
            #expect(try Self.flush(socket).demand.hasSuffix(" replaces \(new)"))
        }
    }

    @Test func aFlushKeepsTheTerms() async throws {
        let data = try DataFolder()
        var daemon = try data.start()
        let first = try Self.epoch(daemon.connect())
        let terms = #"{"issuers":[{"lead":0,"lifetimes":[{"ms":2592000000,"since":0}]}],"leeway":0,"v":1}"#
        try daemon.connect().expect(["SET", "revoked.terms", terms, "NX"], "+OK")
        try daemon.connect().expect("SET plain 1", "+OK")
        try daemon.connect().expect("FLUSHALL", "+OK")
        try daemon.connect().expect("MGET plain revoked.terms", "[nil, \"\(terms)\"]")
        try daemon.kill()
        daemon = try data.start()
        try daemon.connect().expect("MGET plain revoked.terms", "[nil, \"\(terms)\"]")
        #expect(try Self.epoch(daemon.connect()).hasSuffix(" replaces \(first)"), "it has forgotten something")
    }

    /// A crash under everysec costs the epoch; the acceptance is on disk when it is answered.
    @Test func anAcceptanceOutlivesAKill() throws {
        let data = try DataFolder()
        var daemon = try data.start(["--appendfsync", "everysec"])
        let first = try Self.epoch(daemon.connect())
        try daemon.kill()
        daemon = try data.start(["--appendfsync", "everysec"])
        let demand = try Self.epoch(daemon.connect())
        #expect(demand.hasSuffix(" replaces \(first)"))
        _ = try daemon.process.waitForLine(containing: "revoked accept")
        try daemon.end()
        daemon = try data.start()
        #expect(try Self.epoch(daemon.connect()) == demand, "an end in order changes nothing")
        try daemon.connect().expect(Self.accept(demand), "+OK")
        try daemon.kill()
        daemon = try data.start()
        let (new, accepted) = (String(demand.prefix(36)), demand)
        try daemon.connect().expect("MGET revoked.epoch revoked.accepted", "[\"\(new)\", \"\(accepted)\"]")
    }

    /// What is not on disk was not accepted: clients must not go on by it.
    @Test func anAcceptanceThatCannotBeWrittenIsTakenBack() async throws {
        let data = try DataFolder()
        try await LocalDaemon.run(
            { $0.directory = data.path },
            { daemon in
                let socket = try daemon.connect()
                let (_, demand) = try Self.flush(socket)
                try FileManager.default.removeItem(atPath: data.path)
                try socket.expect(Self.accept(demand), "-ERR the epoch could not be written…")
                #expect(try Self.epoch(socket) == demand)
                try socket.expect("GET revoked.accepted", "nil")
            })
    }

    /// Without a log the directory keeps the epoch all the same, and each start says that a memory was lost.
    @Test func memoryOnlyOverADirectory() throws {
        let data = try DataFolder()
        var daemon = try data.start()
        let first = try Self.epoch(daemon.connect())
        try daemon.end()
        daemon = try data.start(["--appendonly", "no"])
        let demand = try Self.epoch(daemon.connect())
        #expect(demand.hasSuffix(" replaces \(first)"))
        try daemon.connect().expect(Self.accept(demand), "+OK")
        let flushed = try Self.flush(daemon.connect()).demand
        try daemon.connect().expect(Self.accept(flushed), "+OK")
        try daemon.kill()
        daemon = try data.start(["--appendonly", "no"])
        #expect(try Self.epoch(daemon.connect()).hasSuffix(" replaces \(flushed.prefix(36))"))
    }

    /// Nothing is written into a directory that nobody has made.
    @Test func memoryOnlyTakesAPolicyWithoutADirectory() throws {
        let data = try DataFolder()
        let daemon = try data.start(["--appendonly", "no"])
        let socket = try daemon.connect()
        for policy in ["everysec", "no", "always"] {
            try socket.expect(["CONFIG", "SET", "appendfsync", policy], "+OK")
            try socket.expect("CONFIG GET appendfsync", "[\"appendfsync\", \"\(policy)\"]")
        }
        #expect(!FileManager.default.fileExists(atPath: data.path))
    }

    /// A log that cannot be begun changes nothing of what was to be changed with it.
    @Test func allOfASetIsDoneOrNothing() async throws {
        let data = try DataFolder()
        try await LocalDaemon.run(
            {
                $0.directory = data.path + "/there/is/none"
                $0.isLogging = false
            },
            { daemon in
                let socket = try daemon.connect()
                try socket.expect(
                    "CONFIG SET maxmemory 7mb appendfsync everysec appendonly yes", "-ERR CONFIG SET failed - …")
                try socket.expect("CONFIG GET maxmemory", "[\"maxmemory\", \"0\"]")
                try socket.expect("CONFIG GET appendfsync", "[\"appendfsync\", \"always\"]")
                try socket.expect("CONFIG GET appendonly", "[\"appendonly\", \"no\"]")
            })
    }

    // MARK: Older copies

    private func copy(_ path: String, to target: String) throws {
        let copy = try TestProcess(try TestProcess.find("cp", package: "coreutils"), ["-a", path, target]).waitForEnd()
        #expect(copy.status == 0, "\(copy.output)")
    }

    @Test func aRestoredDirectoryHasAnotherEpoch() throws {
        let data = try DataFolder()
        var daemon = try data.start()
        let first = try Self.epoch(daemon.connect())
        try daemon.connect().expect("SETEX revoked:jti:early 1000 logout", "+OK")
        try daemon.end()
        try copy(data.path, to: data.folder.path + "/backup")
        daemon = try data.start()
        #expect(try Self.epoch(daemon.connect()) == first)
        try daemon.connect().expect("SETEX revoked:jti:late 1000 logout", "+OK")
        try daemon.kill()
        try FileManager.default.removeItem(atPath: data.path)
        try copy(data.folder.path + "/backup", to: data.path)
        #expect(try data.checkLog().output.contains("this directory is a copy"))
        daemon = try data.start()
        try daemon.connect().expect("EXISTS revoked:jti:early revoked:jti:late", ":1")
        #expect(try Self.epoch(daemon.connect()).hasSuffix(" replaces \(first)"))
    }

    /// What the advice "restore a copy" often comes to: the log's files are put back over those that are there.
    @Test func aRestoredLogHasAnotherEpoch() throws {
        let data = try DataFolder()
        var daemon = try data.start()
        let first = try Self.epoch(daemon.connect())
        try daemon.end()
        try copy(data.log, to: data.folder.path + "/backup")
        daemon = try data.start()
        try daemon.connect().expect("SETEX revoked:jti:late 1000 logout", "+OK")
        try daemon.end()
        for name in try FileManager.default.contentsOfDirectory(atPath: data.folder.path + "/backup") {
            try copy("\(data.folder.path)/backup/\(name)", to: "\(data.log)/\(name)")
        }
        #expect(try data.checkLog().output.contains("older copy"))
        daemon = try data.start()
        try daemon.connect().expect("EXISTS revoked:jti:late", ":0")
        #expect(try Self.epoch(daemon.connect()).hasSuffix(" replaces \(first)"))
    }

    /// A disk that was set back knows nothing of it: the operator does.
    @Test func anOperatorSaysThatADiskWasSetBack() throws {
        let data = try DataFolder()
        var daemon = try data.start()
        let first = try Self.epoch(daemon.connect())
        try daemon.end()
        let renewed = try data.checkLog(["--new-epoch"])
        #expect(renewed.status == 0 && renewed.output.contains(" replaces \(first)"), "\(renewed.output)")
        daemon = try data.start()
        let demand = try Self.epoch(daemon.connect())
        #expect(demand.hasSuffix(" replaces \(first)") && renewed.output.contains(demand))
        #expect(try data.checkLog(["--new-epoch"]).output.contains("another process uses"))
    }
}
