import Foundation
import TestSupport
import Testing

/// The real program: how it starts, refuses to start, and ends.
@Suite struct DaemonProcessTests {
    /// What has arrived is answered, then the connection closes and the process ends with 0.
    @Test(arguments: ["epoll", "nio"], [SIGTERM, SIGINT])
    func aSignalDrainsAndEndsWithZero(_ transport: String, _ signal: Int32) throws {
        let daemon = try DaemonProcess(["--transport", transport])
        let (busy, idle) = (try daemon.connect(), try daemon.connect())
        try idle.expect("PING", "+PONG")
        let count = 2000
        try busy.send((0..<count).flatMap { WireCommand(text: "SETEX revoked:jti:\($0) 100 logout").encoded })
        try busy.expect("SETEX revoked:jti:last 100 logout", "+OK", repeated: count)
        daemon.process.terminate(signal)
        #expect(try idle.readToEnd().isEmpty)
        #expect(try busy.readToEnd().isEmpty)
        #expect(try daemon.process.waitForEnd().status == 0)
        #expect(throws: TestFailure.self) { try daemon.connect() }
    }

    @Test func shutdownEndsWithZero() throws {
        let daemon = try DaemonProcess()
        let socket = try daemon.connect()
        try socket.send(WireCommand("PING").encoded + WireCommand("SHUTDOWN NOSAVE").encoded)
        #expect(try socket.readToEnd() == Bytes("+PONG\r\n".utf8))
        #expect(try daemon.process.waitForEnd().status == 0)
    }

    @Test func itSaysWhereItListensAndHowToTalkToIt() throws {
        let folder = try TemporaryFolder()
        let daemon = try DaemonProcess(["--unixsocket", folder.path + "/s"])
        _ = try daemon.process.waitForLine(containing: "listening on unix://\(folder.path)/s")
        _ = try daemon.process.waitForLine(containing: "redis-cli -h 127.0.0.1 -p \(daemon.port)")
    }

    @Test func aSecondOneOnThePortFails() throws {
        let daemon = try DaemonProcess()
        let second = try DaemonProcess.start(["--port", "\(daemon.port)"]).waitForEnd()
        #expect(second.status != 0)
        #expect(second.output.contains("is in use"))
        try daemon.connect().expect("PING", "+PONG")
    }

    @Test func protectedModeRefuses() throws {
        let ended = try DaemonProcess.start(["--port", "0", "--bind", "0.0.0.0"]).waitForEnd()
        #expect(ended.status != 0)
        #expect(ended.output.contains("refusing to listen on 0.0.0.0 without a password"))
    }

    @Test(arguments: [
        ("{\"prot\": 7379}", "unknown setting: prot"),
        ("{\"requirepas\": \"hidden-7\"}", "unknown setting: requirepas"),
        ("{\"port\": \"hidden-7\"}", "port takes"), ("{\"maxmemory\": \"hidden-7\"}", "maxmemory takes"),
        ("[1]", "one JSON object"), ("{", "is not JSON: see line 1"), ("{\"port\": {\"a\": \"hidden-7\"}}", "port in"),
    ])
    func aWrongConfigurationFileIsRefused(_ text: String, _ message: String) throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/settings.json"
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        let ended = try DaemonProcess.start(["--config", file]).waitForEnd()
        #expect(ended.status != 0)
        #expect(ended.output.contains(message), "\(ended.output)")
        #expect(!ended.output.contains("hidden-7"), "a value may be a secret")
    }

    @Test func flagsWinOverTheEnvironmentAndThatOverTheFile() throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/settings.json"
        try "{\"maxclients\": 11, \"maxmemory\": \"11mb\", \"guarded-prefix\": \"file:\"}".write(
            toFile: file, atomically: false, encoding: .utf8)
        let daemon = try DaemonProcess(
            ["--config", file, "--maxclients", "33"],
            environment: ["REVOKED_MAXCLIENTS": "22", "REVOKED_MAXMEMORY": "22mb"])
        let socket = try daemon.connect()
        try socket.expect("CONFIG GET maxclients", "[\"maxclients\", \"33\"]")
        try socket.expect("CONFIG GET maxmemory", "[\"maxmemory\", \"\(22 << 20)\"]")
        try socket.expect("CONFIG GET guarded-prefix", "[\"guarded-prefix\", \"file:\"]")
    }
}

extension TestSocket {
    /// Takes `count` replies like `expected`, then sends a command that gets another one.
    fileprivate func expect(_ command: WireCommand, _ expected: String, repeated count: Int) throws {
        for _ in 0..<count {
            let reply = try reply()
            #expect(reply == Bytes((expected + "\r\n").utf8))
        }
        try expect(command, expected)
    }
}
