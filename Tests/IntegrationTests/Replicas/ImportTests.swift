import Foundation
import TestSupport
import Testing

/// The daemon copies a stock redis-server, and follows it until it is cut over.
@Suite(.timeLimit(.minutes(3))) struct ImportTests {
    private let data: DataFolder
    private let source: ImportedRedis

    init() throws {
        data = try DataFolder()
        source = try ImportedRedis()
    }

    private func start(_ arguments: [String] = []) throws -> DaemonProcess {
        try source.startCopy(in: data, arguments)
    }

    private func follow(_ arguments: [String] = []) async throws -> DaemonProcess {
        try await source.follow(in: data, arguments)
    }

    private func waitForCopy(_ daemon: DaemonProcess) async throws { try await source.waitForCopy(daemon) }

    @Test func itHasWhatTheSourceHasAndGoesOn() async throws {
        let socket = try source.connect()
        try socket.expect("SETEX revoked:jti:before 1000 logout", "+OK")
        try socket.expect("SET revoked:sid:forever logout", "+OK")
        try socket.expect("SET plain 1", "+OK")
        try socket.expect("RPUSH list 1 2", ":2")
        try socket.expect("SELECT 3", "+OK")
        try socket.expect("SET three 3", "+OK")
        try socket.expect("SETEX revoked:sub:elsewhere 1000 1700000000000", "+OK")
        let daemon = try await follow()
        try socket.expect("INCR three", ":4")
        try socket.expect("SELECT 0", "+OK")
        try socket.expect("SETEX revoked:jti:after 1000 compromised", "+OK")
        try socket.expect("SET revoked:jti:two-steps logout", "+OK")
        try socket.expect("EXPIRE revoked:jti:two-steps 500", ":1")
        try socket.expect("MULTI", "+OK")
        try socket.expect("INCR plain", "+QUEUED")
        try socket.expect("SETEX revoked:client:c 1000 1700000000000", "+QUEUED")
        _ = try socket.ask("EXEC")
        try socket.expect("RPUSH list 3", ":3")
        try await waitForCopy(daemon)
        let copy = try daemon.connect()
        try copy.expect(
            "MGET revoked:jti:before revoked:sid:forever revoked:sub:elsewhere revoked:jti:after revoked:client:c plain",
            "[\"logout\", \"logout\", \"1700000000000\", \"compromised\", \"1700000000000\", \"2\"]")
        try copy.expect("TTL revoked:sid:forever", ":-1")
        for key in ["revoked:jti:before", "revoked:jti:after", "revoked:jti:two-steps"] {
            let expiries = try [socket, copy].map { Int(try $0.ask("PEXPIRETIME \(key)").dropFirst()) ?? 0 }
            #expect(expiries[0] > 0 && (expiries[0]...expiries[0] + 3_000).contains(expiries[1]), "\(key): \(expiries)")
        }
        try copy.expect("SELECT 3", "+OK")
        try copy.expect("MGET three list", "[\"4\", nil]")
        #expect(ImportState(of: copy)["import_skipped"] == "2")
        // What is imported is in the log.
        try daemon.kill()
        let again = try data.start()
        try again.connect().expect(
            "MGET revoked:jti:after revoked:sid:forever plain", "[\"compromised\", \"logout\", \"2\"]")
    }

    /// Whatever the source says, and whoever writes here meanwhile: nothing ends early.
    @Test func aRevocationIsNeverShortenedOrRemoved() async throws {
        let socket = try source.connect()
        for key in ["deleted", "shortened", "renamed"] {
            try socket.expect("SETEX revoked:jti:\(key) 1000 logout", "+OK")
        }
        try socket.expect("SETEX revoked:sub:a 1000 1700000000005", "+OK")
        let daemon = try await follow()
        let copy = try daemon.connect()
        try copy.expect("SETEX revoked:jti:ours 2000 logout", "+OK")
        try copy.expect("SETEX revoked:sub:a 2000 1700000000009", "+OK")
        try socket.expect("DEL revoked:jti:deleted", ":1")
        try socket.expect("SETEX revoked:jti:shortened 2 logout", "+OK")
        try socket.expect("RENAME revoked:jti:renamed revoked:jti:name", "+OK")
        try socket.expect("SETEX revoked:jti:ours 1 logout", "+OK")
        try socket.expect("SETEX revoked:sub:a 1000 1700000000007", "+OK")
        try await waitForCopy(daemon)
        try socket.expect("FLUSHALL", "+OK")
        try await waitForCopy(daemon)
        try copy.expect(
            "EXISTS revoked:jti:deleted revoked:jti:shortened revoked:jti:renamed revoked:jti:name revoked:jti:ours",
            ":5")
        try copy.expect("GET revoked:sub:a", "\"1700000000009\"")
        for (key, least) in [("jti:shortened", 900), ("jti:name", 900), ("jti:ours", 1_900), ("sub:a", 1_900)] {
            #expect(try Int(copy.ask("TTL revoked:\(key)").dropFirst()) ?? 0 > least, "\(key)")
        }
    }

    /// Until the first copy is complete nothing is answered: what is there may be a part.
    @Test func nothingIsAnsweredBeforeACopyIsComplete() async throws {
        let port = source.port
        try source.kill()
        let daemon = try data.start(["--import-from", "redis://127.0.0.1:\(port)"])
        let copy = try daemon.connect()
        for command in ["EXISTS revoked:jti:a", "GET revoked.epoch", "SETEX revoked:jti:a 100 logout"] as [WireCommand]
        {
            #expect(try copy.ask(command).hasPrefix("-LOADING"))
        }
        #expect(try copy.ask("REPLICAOF NO ONE").hasPrefix("-LOADING"))
        try source.start()
        try source.connect().expect("SETEX revoked:jti:a 100 logout", "+OK")
        try await waitForCopy(daemon)
        try copy.expect("EXISTS revoked:jti:a", ":1")
        // A new denylist is believed by no client before an operator has accepted it.
        #expect(try copy.ask("GET revoked.epoch").contains(" replaces "))
    }

    @Test func itGoesOnAfterEachKindOfInterruption() async throws {
        var daemon = try start()
        var socket = try source.connect()
        try await waitForCopy(daemon)
        func write(_ name: String) throws {
            try socket.expect("SETEX revoked:jti:\(name) 1000 logout", "+OK")
            try socket.expect("SET plain \(name)", "+OK")
        }
        try write("first")
        try socket.expect("SELECT 3", "+OK")
        try socket.expect("SET three 1", "+OK")
        try await waitForCopy(daemon)
        #expect(try socket.ask("CLIENT KILL TYPE replica") == ":1")
        // The source does not say again that this is database 3.
        try socket.expect("SET three 2", "+OK")
        try socket.expect("SELECT 0", "+OK")
        try write("broken-link")
        try await waitForCopy(daemon)
        #expect(ImportState(of: try daemon.connect())["import_copies"] == "1")
        #expect(try socket.ask("INFO stats").contains("sync_partial_ok:1"))
        _ = try socket.ask("BGREWRITEAOF")
        try write("rewrite")
        try source.kill()
        try source.start()
        socket = try source.connect()
        try write("source-killed")
        try await waitForCopy(daemon)
        try daemon.kill()
        try write("daemon-killed")
        daemon = try await follow()
        let copy = try daemon.connect()
        let names = ["first", "broken-link", "rewrite", "source-killed", "daemon-killed"]
        let keys = names.map { "revoked:jti:\($0)" }.joined(separator: " ")
        try copy.expect("EXISTS \(keys)", ":5")
        try copy.expect("GET plain", "\"daemon-killed\"")
        try copy.expect("EXISTS three", ":0")
        try copy.expect("SELECT 3", "+OK")
        try copy.expect("GET three", "\"2\"")
    }

    @Test func itEndsForGood() async throws {
        var daemon = try start()
        try source.connect().expect("SETEX revoked:jti:before 1000 logout", "+OK")
        try await waitForCopy(daemon)
        try daemon.connect().expect("REPLICAOF NO ONE", "+OK")
        try daemon.connect().expect("REPLICAOF NO ONE", "+OK")
        #expect(ImportState(of: try daemon.connect())["import_state"] == "ended")
        try source.connect().expect("SETEX revoked:jti:after 1000 logout", "+OK")
        try await eventually("the source has no replica") {
            try source.connect().ask("INFO replication").contains("connected_slaves:0")
        }
        try source.kill()
        // The setting is still there, and the source is not.
        try daemon.kill()
        daemon = try start()
        try daemon.connect().expect("EXISTS revoked:jti:before revoked:jti:after", ":1")
        #expect(ImportState(of: try daemon.connect())["import_state"] == "ended")
    }

    @Test func aSourceThatCannotBeFollowedIsNamed() async throws {
        let other = try DaemonProcess()
        let itself = try data.start(["--import-from", "redis://127.0.0.1:\(other.port)"])
        try await eventually("it is refused") {
            ImportState(of: try itself.connect())["import_problem"]
                == "it is a revoked daemon: copy its data directory instead"
        }
        #expect(try itself.connect().ask("EXISTS revoked:jti:a").hasPrefix("-LOADING"))
        try source.connect().expect("RPUSH revoked:jti:list a", ":1")
        let daemon = try source.startCopy(in: try DataFolder())
        try await eventually("it has stopped") { ImportState(of: try daemon.connect())["import_state"] == "stopped" }
        #expect(try daemon.connect().ask("EXISTS revoked:jti:a").hasPrefix("-LOADING"))
        let failure = try data.startInVain(["--appendonly", "no", "--import-from", "redis://127.0.0.1:1"])
        #expect(failure.output.contains("import-from needs a data directory"))
    }

    @Test func itLogsIn() async throws {
        try source.connect().expect("SETEX revoked:jti:a 1000 logout", "+OK")
        try source.connect().expect(
            "ACL SETUSER importer on >a-secret-word +info +psync +replconf +ping", "+OK")
        try source.connect().expect("ACL SETUSER default resetpass >another", "+OK")
        let url = "redis://importer@127.0.0.1:\(source.port)"
        let wrong = try data.start(
            ["--import-from", url], environment: ["REVOKED_IMPORT_FROM_PASSWORD": "not-the-secret-word"])
        try await eventually("it is refused") {
            ImportState(of: try wrong.connect())["import_problem"] == "it answered WRONGPASS"
        }
        wrong.process.terminate()
        #expect(try !wrong.process.waitForEnd().output.contains("secret-word"))
        let daemon = try data.start(
            ["--import-from", url], environment: ["REVOKED_IMPORT_FROM_PASSWORD": "a-secret-word"])
        try await eventually("it follows") { try daemon.connect().ask("EXISTS revoked:jti:a") == ":1" }
        let failure = try data.startInVain(["--import-from", "redis+cluster://127.0.0.1:1"])
        #expect(failure.output.contains("import-from: this URL names no store"))
    }

    @Test func itsMetricsSayHowFarItIs() async throws {
        let socket = try source.connect()
        try socket.expect("SETEX revoked:jti:a 1000 logout", "+OK")
        try socket.expect("RPUSH list 1", ":1")
        let daemon = try await follow(["--http", "127.0.0.1:0"])
        try socket.expect("DEL revoked:jti:a", ":1")
        #expect(try socket.ask("CLIENT KILL TYPE replica") == ":1")
        try socket.expect("SET plain 1", "+OK")
        try await waitForCopy(daemon)
        let text = try await PromtoolTests.get(try PromtoolTests.url(daemon.process) + "/metrics").body
        try PromtoolTests.check(text)
        let kept = ImportState(of: try daemon.connect())["import_offset"] ?? ""
        for line in [
            "revoked_import_state{state=\"following\"} 1\n", "revoked_import_state{state=\"waiting\"} 0\n",
            "revoked_import_entries_total{kind=\"revocation\"} 1\n", "revoked_import_entries_total{kind=\"plain\"} 1\n",
            "revoked_import_skipped_total{reason=\"type\"} 1\n", "revoked_import_skipped_total{reason=\"removal\"} 1\n",
            "revoked_import_skipped_total{reason=\"size\"} 0\n", "revoked_import_copies_total 1\n",
            "revoked_import_reconnects_total 1\n", "revoked_import_unkept_bytes 0\n",
            "revoked_import_offset \(kept)\n", "\nrevoked_import_silence_seconds ",
        ] {
            #expect(text.contains(line), "\(line)")
        }
    }

    @Test func itNamesItself() async throws {
        let port = try freePort()
        let daemon = try data.start(["--port", "\(port)", "--import-from", "redis://127.0.0.1:\(port)"])
        try await eventually("it is refused") {
            ImportState(of: try daemon.connect())["import_problem"] == "it is this daemon itself"
        }
    }
}

/// The fields of `INFO replication` about an import.
struct ImportState {
    private let fields: [String: String]

    init(of socket: TestSocket) {
        let text = (try? socket.command("INFO replication")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        fields = Dictionary(
            text.split(whereSeparator: \.isNewline).compactMap { line in
                line.firstIndex(of: ":").map { (String(line[..<$0]), String(line[$0...].dropFirst())) }
            }, uniquingKeysWith: { one, _ in one })
    }

    subscript(_ name: String) -> String? { fields[name] }
}

/// A redis-server that keeps its data and its port when it is killed.
final class ImportedRedis {
    let port: Int
    private let folder: TemporaryFolder
    private var process: TestProcess?

    init() throws {
        folder = try TemporaryFolder()
        port = try freePort()
        try start()
    }

    func start() throws {
        let process = try TestProcess(
            try TestProcess.find("redis-server", package: "redis-server"),
            [
                "--port", "\(port)", "--dir", folder.path, "--save", "", "--appendonly", "yes", "--appendfsync",
                "always",
                "--repl-diskless-sync-delay", "0",
            ])
        _ = try process.waitForLine(containing: "Ready to accept connections")
        self.process = process
    }

    func kill() throws {
        process?.terminate(SIGKILL)
        _ = try process?.waitForEnd()
        process = nil
    }

    func connect() throws -> TestSocket { try TestSocket(.port(port)) }

    // MARK: A daemon that imports it

    func startCopy(in data: DataFolder, _ arguments: [String] = []) throws -> DaemonProcess {
        try data.start(["--import-from", "redis://127.0.0.1:\(port)"] + arguments)
    }

    /// Starts a daemon, which then has what this server has written until now, and follows it.
    func follow(in data: DataFolder, _ arguments: [String] = []) async throws -> DaemonProcess {
        let daemon = try startCopy(in: data, arguments)
        try await waitForCopy(daemon)
        return daemon
    }

    /// The daemon has applied, and keeps, what this server has written until now.
    func waitForCopy(_ daemon: DaemonProcess) async throws {
        let wanted = Int(ImportState(of: try connect())["master_repl_offset"] ?? "") ?? 0
        try await eventually("the import has come to \(wanted)") {
            let (state, own) = (ImportState(of: try daemon.connect()), ImportState(of: try connect()))
            return state["import_state"] == "following" && state["import_replid"] == own["master_replid"]
                && Int(state["import_offset"] ?? "") ?? -1 >= wanted
        }
    }
}
