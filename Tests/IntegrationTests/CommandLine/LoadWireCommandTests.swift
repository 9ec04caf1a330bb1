import Foundation
import TestSupport
import Testing

/// `revoked-lab load wire` against our daemon and against redis-server.
@Suite(.timeLimit(.minutes(2))) struct LoadWireCommandTests {
    private func start(_ arguments: [String]) throws -> TestProcess {
        try TestProcess(try DaemonProcess.program("revoked-lab"), ["load", "wire"] + arguments)
    }

    private func url(_ port: Int, password: String? = nil) -> String {
        "redis://\(password.map { ":\($0)@" } ?? "")127.0.0.1:\(port)"
    }

    private func size(_ socket: TestSocket) throws -> String {
        String(decoding: try socket.command("DBSIZE"), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test func twoServersAreComparedAndLeftAsTheyWere() throws {
        let daemon = try DaemonProcess()
        let redis = try LocalRedis()
        let folder = try TemporaryFolder()
        let (json, html) = ("\(folder.path)/report.json", "\(folder.path)/report.html")
        let before = try size(daemon.connect())
        let (status, output) = try start([
            url(daemon.port), "--compare", url(redis.port), "--duration", "0.3", "--alternations", "2", "--keys",
            "2000", "--check", "full", "--in-flight", "16", "--threads", "2", "--json", json, "--html", html,
        ]).waitForEnd()
        #expect(status == 0, "\(output)")
        for part in ["server CPU µs per request", "requests/s", "÷ of each pair", "Passed"] {
            #expect(output.contains(part), "no \(part) in \(output)")
        }
        let data = try Data(contentsOf: URL(filePath: json))
        let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect((report["operations"] as? [[String: Any]])?.count == 6)
        #expect((report["failures"] as? [String])?.isEmpty == true)
        #expect(try String(contentsOfFile: html, encoding: .utf8).contains("✓ passed"))
        #expect(try size(daemon.connect()) == before)
        #expect(try size(redis.connect()) == ":0")
        try redis.end()
    }

    @Test func anOpenLoopOfSoManyRequests() throws {
        let redis = try LocalRedis()
        let (status, output) = try start([
            url(redis.port), "--rate", "2000", "--count", "500", "--keys", "100", "--keep",
        ]).waitForEnd()
        #expect(status == 0, "\(output)")
        #expect(output.contains("loop open, 2,000/s") && output.contains("sent late by the harness"))
        #expect(try size(redis.connect()) == ":100")
        try redis.end()
    }

    @Test func aRevokedTokenThatIsForgottenFailsTheRun() throws {
        let redis = try LocalRedis()
        let process = try start([url(redis.port), "--duration", "60", "--keys", "5000", "--revoke-percent", "0"])
        let socket = try redis.connect()
        while try size(socket) != ":5000" {}
        _ = try socket.command("FLUSHALL")
        let (status, output) = try process.waitForEnd()
        #expect(status == 1)
        #expect(output.contains(#"FAILED: the server answered ":0\r\n"#), "\(output)")
        try redis.end()
    }

    @Test func aServerThatIsFullStopsItAndIsNamed() throws {
        let redis = try LocalRedis(["--maxmemory", "1mb"])
        let (status, output) = try start([url(redis.port), "--duration", "60"]).waitForEnd()
        #expect(status == 1)
        #expect(output.contains("FAILED: the server answered -OOM") && output.contains("maxmemory"), "\(output)")
        try redis.end()
    }

    @Test func whoIsNotLetInIsTold() throws {
        let redis = try LocalRedis(["--requirepass", "right-one"])
        let refused = try start([url(redis.port, password: "wrong-one")]).waitForEnd()
        #expect(refused.status == 1 && refused.output.contains("WRONGPASS") && !refused.output.contains("wrong-one"))
        let unnamed = try start([url(redis.port)]).waitForEnd()
        #expect(unnamed.status == 1 && unnamed.output.contains("NOAUTH"))
        let admitted = try start([url(redis.port, password: "right-one"), "--count", "100", "--keys", "10"])
            .waitForEnd()
        #expect(admitted.status == 0, "\(admitted.output)")
        let absent = try start([url(try freePort())]).waitForEnd()
        #expect(absent.status == 1 && absent.output.contains("Connection refused"))
    }

    @Test(arguments: [
        ["redis://127.0.0.1:1", "--in-flight", "0"], ["redis://127.0.0.1:1", "--rate", "-1"],
        ["redis://127.0.0.1:1", "--threads", "51"], ["redis://127.0.0.1:1", "--duration", "10", "--ttl", "60"],
        ["redis://127.0.0.1:1", "--revoke-percent", "101"], ["redis://127.0.0.1:1", "--check", "all"],
    ])
    func wrongArguments(arguments: [String]) throws {
        #expect(try start(arguments).waitForEnd().status == 64)
    }
}
