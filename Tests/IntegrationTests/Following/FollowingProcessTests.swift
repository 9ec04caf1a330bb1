import Foundation
import TestSupport
import Testing

/// A follower for programs in any language, beside a real daemon.
@Suite(.timeLimit(.minutes(5))) struct FollowingProcessTests {
    private let data: DataFolder

    init() throws { data = try DataFolder() }

    @Test func whatIsAcknowledgedIsRefusedHereAtOnce() async throws {
        let daemon = try data.start()
        let follower = try FollowerUnderTest(of: daemon.port)
        let (writer, reader) = (try daemon.connect(), try follower.connect())
        try await follower.waitUntilItAnswers(reader)
        let before = try await follower.answered()
        for round in 0..<200 {
            let keys = (0..<50).map { "revoked:jti:\(round)-\($0)" }
            try writer.expect(keys.map { (WireCommand(text: "SETEX \($0) 600 logout"), "+OK") })
            if round % 2 == 0 {
                try reader.expect(keys.map { (WireCommand(text: "EXISTS \($0)"), ":1") })
            } else {
                let all = "[" + keys.map { _ in "\"logout\"" }.joined(separator: ", ") + "]"
                try reader.expect(WireCommand(text: "MGET " + keys.joined(separator: " ")), all)
            }
        }
        #expect(try await follower.answered() > before)
    }

    /// What is answered here and what is passed on comes in the order of the commands, and is what the daemon answers.
    @Test func aPipelineIsAnsweredInItsOrder() async throws {
        let daemon = try data.start()
        let follower = try FollowerUnderTest(of: daemon.port)
        let (direct, client) = (try daemon.connect(), try follower.connect())
        for number in 0..<10 where number % 2 == 0 {
            try direct.expect(WireCommand(text: "SETEX revoked:jti:\(number) 600 reason-\(number)"), "+OK")
        }
        try await follower.waitUntilItAnswers(client)
        let before = try await follower.answered()
        var random = SeededGenerator(seed: 7)
        for round in 0..<200 {
            var commands: [WireCommand] = []
            // After a reply that may show what the copy does not have checks are passed on for a while.
            let showsMore = round % 20 == 0
            for _ in 0..<random.number(1..<20) {
                let key = "revoked:jti:\(random.number(0..<10))"
                let checks = [
                    "GET \(key)", "MGET \(key) revoked.epoch revoked:all", "EXISTS \(key) \(key)",
                    "TTL revoked:jti:none", "GET revoked.epoch", "MGET \(key) revoked:sid:none",
                ]
                let others = showsMore ? ["SET plain \(round)", "MGET", "MGET \(key) plain"] : ["GET plain", "ECHO x"]
                let isOther = random.number(0..<10) == 0
                commands.append(WireCommand(text: random.pick(isOther ? others : checks)))
            }
            if round == 199 { commands.insert("NONSENSE", at: commands.count / 2) }
            try client.send(commands.flatMap(\.encoded))
            for command in commands {
                // Of plain keys each of the two has its own.
                let twin = WireCommand(text: command.description.replacing("plain", with: "other"))
                let (reply, expected) = (try client.reply(), try direct.command(twin))
                #expect(readable(reply) == readable(expected), "\(command) of round \(round)")
            }
        }
        #expect(try await follower.answered() > before + 50)
    }

    @Test func whatAClientWroteItReads() async throws {
        let daemon = try data.start()
        let follower = try FollowerUnderTest(of: daemon.port)
        let client = try follower.connect()
        try await follower.waitUntilItAnswers(client)
        let before = try await follower.answered()
        for number in 0..<300 {
            // A rotation does not wait for followers.
            let value = number % 2 == 0 ? "logout" : "rotated:1:next"
            let key = "revoked:jti:w\(number)"
            try client.expect("GET revoked:jti:none", "nil")
            try client.expect(WireCommand(text: "SET \(key) \(value) EX 600 NX"), "+OK")
            try client.expect(WireCommand(text: "GET \(key)"), "\"\(value)\"")
            if number % 50 == 0 { try await follower.waitUntilItAnswers(client) }
            try client.expect(WireCommand(text: "EXISTS \(key)"), ":1")
        }
        #expect(try await follower.answered() > before)
        try client.expect("TTL revoked:jti:w0", "…")
    }

    @Test func aClientOfRESP3IsAnsweredInIt() async throws {
        let daemon = try data.start()
        let follower = try FollowerUnderTest(of: daemon.port)
        let client = try follower.connect()
        #expect(try client.command("HELLO 3").first == UInt8(ascii: "%"))
        try await follower.waitUntilItAnswers(client)
        for _ in 0..<10 { #expect(try client.command("GET revoked:jti:none") == Bytes("_\r\n".utf8)) }
        // Messages are passed on as they come.
        try client.expect("SUBSCRIBE news", ">3…")
        try daemon.connect().expect("PUBLISH news hello", ":1")
        #expect(try client.reply().starts(with: ">3\r\n".utf8))
    }

    // MARK: Rights

    /// The daemon would take every client of the port for the certificate's owner.
    @Test func aCertificateIsNotLentToAPort() throws {
        let certificates = try TestCertificates()
        let (certificate, key) = (certificates.file("client.pem"), certificates.file("client.key"))
        let url = "rediss://localhost:1?ca=\(certificates.file("ca.pem"))&cert=\(certificate)&key=\(key)"
        func start(_ more: [String]) throws -> TestProcess {
            try TestProcess(
                DaemonProcess.program(), ["serve", "--follow", url, "--port", "0", "--http", "off"] + more)
        }
        let refused = try start([]).waitForEnd()
        #expect(refused.status != 0 && refused.output.contains("refusing to follow with a certificate"))
        let folder = try TemporaryFolder()
        let served = try start(["--unixsocket", folder.path + "/follower.sock"])
        _ = try served.waitForLine(containing: "ready")
    }

    @Test func nobodyReadsWhatTheDaemonWouldNotTell() async throws {
        let daemon = try data.start(environment: [
            "REVOKED_ADMIN_PASSWORD": "a", "REVOKED_READER_PASSWORD": "r", "REVOKED_FOLLOWER_PASSWORD": "f",
            "REVOKED_REQUIREPASS": "d",
        ])
        let follower = try FollowerUnderTest(of: daemon.port, environment: ["REVOKED_FOLLOW_PASSWORD": "f"])
        let (admin, reader) = (try daemon.connect(), try follower.connect())
        try admin.expect("AUTH admin a", "+OK")
        try admin.expect("ACL SETUSER some on >s +get +mget +exists +ttl %R~revoked:jti:* %R~revoked.*", "+OK")
        try admin.expect("SETEX revoked:jti:a 600 logout", "+OK")
        try admin.expect("SETEX revoked:sid:a 600 logout", "+OK")
        try reader.expect("GET revoked:jti:a", "-NOAUTH…")
        try reader.expect("AUTH reader wrong", "-WRONGPASS…")
        try reader.expect("AUTH reader r", "+OK")
        try await follower.waitUntilItAnswers(reader)
        // Who may read some of them is answered by the daemon alone.
        let some = try follower.connect()
        try some.expect("AUTH some s", "+OK")
        let before = try await follower.answered()
        for _ in 0..<20 {
            try some.expect("GET revoked:jti:a", "\"logout\"")
            try some.expect("GET revoked:sid:a", "-NOPERM…")
            try some.expect("MGET revoked:jti:a revoked:sid:a", "-NOPERM…")
        }
        #expect(try await follower.answered() == before)
        // The same connection as another user.
        try reader.expect("AUTH some s", "+OK")
        try reader.expect([("GET revoked:sid:a", "-NOPERM…"), ("GET revoked:jti:a", "\"logout\"")])
        try reader.expect("AUTH reader r", "+OK")
        try await follower.waitUntilItAnswers(reader)
        // Rights that are taken away are gone within a second, and a user with its connections.
        try admin.expect("ACL SETUSER reader -get", "+OK")
        try await eventually("it may not read any more") {
            try reader.ask("GET revoked:jti:a").hasPrefix("-NOPERM")
        }
        try admin.expect("ACL DELUSER reader", ":1")
        #expect(try reader.readToEnd() == [])
    }

    @Test func withoutTheRightToFollowEverythingIsPassedOn() async throws {
        let daemon = try data.start(environment: [
            "REVOKED_ADMIN_PASSWORD": "a", "REVOKED_READER_PASSWORD": "r", "REVOKED_REQUIREPASS": "d",
        ])
        let follower = try FollowerUnderTest(of: daemon.port, environment: ["REVOKED_FOLLOW_PASSWORD": "f"])
        let client = try follower.connect()
        try client.expect("AUTH d", "+OK")
        try client.expect("SETEX revoked:jti:a 600 logout", "+OK")
        try client.expect("EXISTS revoked:jti:a", ":1")
        try await eventually("it says why") {
            let (status, body) = try await follower.get("/readyz")
            return status == 200 && body.contains("the store answered WRONGPASS")
        }
        #expect(try await follower.answered() == 0)
    }

    // MARK: Faults

    @Test func aStoppedFollowerHoldsNothingUpAndForgetsNothing() async throws {
        let daemon = try data.start()
        let follower = try FollowerUnderTest(of: daemon.port)
        let (writer, client) = (try daemon.connect(), try follower.connect())
        try await follower.waitUntilItAnswers(client)
        try await follower.process.stop()
        let key = "revoked:jti:stopped"
        try client.send(WireCommand(text: "EXISTS \(key)").encoded)
        let begun = ContinuousClock.now
        try writer.expect(WireCommand(text: "SETEX \(key) 600 logout"), "+OK")
        #expect(ContinuousClock.now - begun < .seconds(5))
        follower.process.terminate(SIGCONT)
        #expect(try client.reply() == Bytes(":1\r\n".utf8))
        try client.expect(WireCommand(text: "EXISTS \(key)"), ":1")
    }

    @Test func aKilledDaemonEndsItsClientsAndComesBack() async throws {
        var daemon = try data.start()
        let follower = try FollowerUnderTest(of: daemon.port)
        let client = try follower.connect()
        try await follower.waitUntilItAnswers(client)
        for round in 0..<2 {
            try daemon.kill()
            #expect(try client.readToEnd() == [])
            #expect(try follower.connect().readToEnd() == [])
            try await eventually("it says so") { try await follower.get("/readyz").status == 503 }
            daemon = try data.start(["--port", "\(daemon.port)"])
            let key = "revoked:jti:r\(round)"
            try daemon.connect().expect(WireCommand(text: "SETEX \(key) 600 logout"), "+OK")
            let next = try follower.connect()
            try next.expect(WireCommand(text: "EXISTS \(key)"), ":1")
            try await follower.waitUntilItAnswers(next)
            try next.expect(WireCommand(text: "EXISTS \(key)"), ":1")
        }
    }

    @Test func itGivesTheLeaseBackWhenItEnds() async throws {
        let daemon = try data.start(["--lease", "10000"])
        let follower = try FollowerUnderTest(of: daemon.port)
        let client = try follower.connect()
        try await follower.waitUntilItAnswers(client)
        follower.process.terminate()
        #expect(try client.readToEnd() == [])
        #expect(try follower.process.waitForEnd().status == 0)
        let begun = ContinuousClock.now
        try daemon.connect().expect("SETEX revoked:jti:a 600 logout", "+OK")
        #expect(ContinuousClock.now - begun < .seconds(5))
        #expect(!FileManager.default.fileExists(atPath: follower.path))
    }

    // MARK: Bad input

    @Test(arguments: [
        ("*1\r\n$4\r\nPING\r\n*x\r\n", "+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n"),
        ("*1\r\n$99999999999\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        ("*1\r\n+OK\r\n", "-ERR Protocol error: expected '$', got '+'\r\n"),
        ("\"a\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"),
        ("POST / HTTP/1.1\r\nHost: x\r\n\r\nSET a 1\r\n", ""), ("\u{16}\u{3}\u{1}abc", ""),
    ])
    func badInputEndsAsAtTheDaemon(_ input: String, _ output: String) async throws {
        let daemon = try data.start()
        let follower = try FollowerUnderTest(of: daemon.port)
        let client = try follower.connect()
        try client.send(Bytes(input.utf8))
        #expect(readable(try client.readToEnd()) == readable(Bytes(output.utf8)))
        try daemon.connect().expect("EXISTS a", ":0")
    }

    @Test func linesAreAnsweredToo() async throws {
        let daemon = try data.start()
        let follower = try FollowerUnderTest(of: daemon.port)
        let client = try follower.connect()
        try client.send(Bytes("PING\r\nSETEX revoked:jti:a 600 logout\r\nEXISTS revoked:jti:a\r\n".utf8))
        for reply in ["+PONG\r\n", "+OK\r\n", ":1\r\n"] { #expect(try client.reply() == Bytes(reply.utf8)) }
        // A client that has ended its side gets what it asked for.
        let other = try follower.connect()
        try other.send(WireCommand("GET revoked:jti:a").encoded)
        other.endSending()
        #expect(try other.readToEnd() == Bytes("$6\r\nlogout\r\n".utf8))
    }

    @Test func longValuesAndUnreadRepliesPassThrough() async throws {
        let daemon = try data.start()
        let follower = try FollowerUnderTest(of: daemon.port)
        let client = try follower.connect()
        let value = String(repeating: "v", count: 4 << 20)
        try client.expect(WireCommand(text: "SET long \(value)"), "+OK")
        let reader = try follower.connect()
        // Nobody reads them for a while: they wait at the daemon, not here.
        try reader.send((0..<20).flatMap { _ in WireCommand("GET long").encoded })
        try client.expect("GET revoked:jti:none", "nil")
        for _ in 0..<20 { #expect(try reader.reply().count == value.utf8.count + 12) }
        let pages = try String(contentsOfFile: "/proc/\(follower.process.identifier)/statm", encoding: .utf8)
        let resident = try #require(pages.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        #expect(resident * Int(getpagesize()) < 300 << 20)
    }

    @Test func thereAreNoMoreClientsThanAllowed() async throws {
        let daemon = try data.start()
        let follower = try FollowerUnderTest(of: daemon.port, ["--maxclients", "2", "--timeout", "1"])
        let (one, two) = (try follower.connect(), try follower.connect())
        try one.expect("PING", "+PONG")
        try two.expect("PING", "+PONG")
        #expect(readable(try follower.connect().readToEnd()) == "-ERR max number of clients reached\\r\\n")
        // Idle ones are closed.
        #expect(try one.readToEnd() == [] && two.readToEnd() == [])
        try await eventually("there is room again") { (try? follower.connect().ask("PING")) == "+PONG" }
    }

    // MARK: Settings

    @Test(arguments: [
        (["--dir", "/tmp/elsewhere"], "--dir does not go with --follow"),
        (["--lease", "100"], "--lease does not go with --follow"),
        (["--requirepass", "x"], "--requirepass does not go with --follow"),
        (["--bind", "0.0.0.0"], "a follower serves its own machine: --bind 0.0.0.0"),
        (["--follow", "redis+cluster://a,b"], "local checks follow one daemon"),
        (["--follow", "redis://user:hunter2@"], "this URL names no store"),
        (["--maxmemory", "1kb"], "a copy of the denylist takes at least a mebibyte"),
    ])
    func settingsThatDoNotGoTogether(_ arguments: [String], _ message: String) throws {
        let url = arguments[0] == "--follow" ? [] : ["--follow", "redis://127.0.0.1:1"]
        let ended = try TestProcess(
            try DaemonProcess.program(), ["serve", "--port", "0", "--http", "off"] + url + arguments
        ).waitForEnd()
        #expect(ended.status != 0 && ended.output.contains(message) && !ended.output.contains("hunter2"))
    }

    @Test func itsPasswordGoesWithItAlone() throws {
        let ended = try DaemonProcess.start(["--follow-password", "x", "--port", "0"]).waitForEnd()
        #expect(ended.status != 0 && ended.output.contains("--follow-password goes with --follow alone"))
    }
}
