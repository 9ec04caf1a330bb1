import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// What Prometheus' own linter says of both kinds of process, and whether the figures are there.
@Suite struct PromtoolTests {
    static func get(_ url: String) async throws -> (status: UInt, body: String) {
        let answer = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(10))
        return (answer.status.code, String(buffer: try await answer.body.collect(upTo: 1 << 20)))
    }

    static func check(_ metrics: String) throws {
        let promtool = try TestProcess(
            try TestProcess.find("promtool", package: "prometheus"), ["check", "metrics"], input: metrics)
        let end = try promtool.waitForEnd()
        #expect(end.status == 0, "\(end.output)")
        #expect(end.output.isEmpty, "\(end.output)")
    }

    static func url(_ process: TestProcess) throws -> String {
        let line = try process.waitForLine(containing: "metrics on ")
        let url = try #require(line.split(separator: " ").last)
        return String(url.dropLast("/metrics".count))
    }

    @Test func theDaemonsMetricsAreWellFormed() async throws {
        let daemon = try DaemonProcess(["--http", "127.0.0.1:0"])
        let base = try Self.url(daemon.process)
        let socket = try daemon.connect()
        _ = try socket.command("SETEX revoked:jti:a 100 logout")
        _ = try socket.command("EXISTS revoked:jti:a revoked:jti:b")
        let answer = try await Self.get(base + "/metrics")
        #expect(answer.status == 200)
        try Self.check(answer.body)
        for line in [
            "revoked_revocations_total{scope=\"token\",reason=\"logout\"} 1\n",
            "revoked_checks_total{verdict=\"hit\"} 1\n", "revoked_checks_total{verdict=\"miss\"} 1\n",
            "revoked_entries 2\n", "revoked_commands_total{command=\"exists\"} 1\n", "revoked_connections 1\n",
            "revoked_log_state{state=\"running\"} 1\n", "revoked_epoch_renewals_total 1\n", "revoked_epoch_doubt 0\n",
            "revoked_loading 0\n", "revoked_ready 1\n",
        ] {
            #expect(answer.body.contains(line), "\(line)")
        }
        // What is acknowledged was made durable, and that took some time.
        let syncs = answer.body.split(separator: "\n").first {
            $0.hasPrefix("revoked_log_fsync_duration_seconds_count ")
        }
        #expect(try #require(syncs?.split(separator: " ").last.flatMap { Int($0) }) >= 1)
        let health = try await Self.get(base + "/healthz")
        #expect(health.status == 200)
        let readiness = try await Self.get(base + "/readyz")
        #expect(readiness.body == "{\"ready\":true}\n")
    }

    @Test func theNodesMetricsAreWellFormedAndApartFromTheUsersPort() async throws {
        let daemon = try DaemonProcess()
        let node = try NodeProcessUnderTest(store: "redis://127.0.0.1:\(daemon.port)")
        let base = try Self.url(node.process)
        let onUsersPort = try await Self.get(node.url + "/metrics")
        #expect(onUsersPort.status == 404)
        let token = try await node.logIn()
        let before = try await node.me(token)
        #expect(before == 200)
        try await node.logOut(token)
        let after = try await node.me(token)
        #expect(after == 401)
        let readiness = try await Self.get(base + "/readyz")
        #expect(readiness.status == 200)
        let answer = try await Self.get(base + "/metrics")
        try Self.check(answer.body)
        for line in [
            "revoked_client_checks_total{outcome=\"revoked\"} 1\n",
            "revoked_client_checks_total{outcome=\"unreachable\"} 0\n", "revoked_ready 1\n",
            "revoked_client_revocations_total{scope=\"token\",reason=\"logout\"} 1\n",
            "revoked_node_requests_total{route=\"/me\",status=\"200\"} 1\n",
            "revoked_node_requests_total{route=\"/me\",status=\"401\"} 1\n",
            "revoked_node_request_duration_seconds_count{route=\"/login\"} 1\n",
            "# TYPE revoked_client_check_duration_seconds histogram\n",
        ] {
            #expect(answer.body.contains(line), "\(line)\n\(answer.body)")
        }
    }

    @Test func healthIsAnExitStatus() async throws {
        let program = try DaemonProcess.program()
        let daemon = try DaemonProcess(["--http", "127.0.0.1:0", "--maxmemory", "1"])
        let base = try Self.url(daemon.process)
        let full = try TestProcess(program, ["health", base]).waitForEnd()
        #expect(full.status == 1)
        #expect(full.output.contains("not ready: maxmemory is reached"))
        #expect(try await Self.get(base + "/metrics").body.contains("revoked_ready 0\n"))
        _ = try daemon.connect().command("CONFIG SET maxmemory 0")
        let ready = try TestProcess(program, ["health", base]).waitForEnd()
        #expect(ready.status == 0)
        #expect(ready.output == "ready\n")
        daemon.process.terminate(SIGKILL)
        _ = try daemon.process.waitForEnd()
        #expect(try TestProcess(program, ["health", base]).waitForEnd().status == 1)
        #expect(try TestProcess(program, ["health", "nonsense"]).waitForEnd().status == 64)
    }

    @Test func metricsAreNotServedBeyondLoopbackByMistake() throws {
        let refused = try DaemonProcess.start(["--port", "0", "--http", "0.0.0.0:0"]).waitForEnd()
        #expect(refused.status != 0)
        #expect(refused.output.contains("--http-protected-mode no"))
        let daemon = try DaemonProcess(["--http", "0.0.0.0:0", "--http-protected-mode", "no"])
        _ = try daemon.process.waitForLine(containing: "metrics on http://0.0.0.0:")
    }
}

/// `revoked node` as a process of its own, with one account.
private final class NodeProcessUnderTest {
    let process: TestProcess
    let url: String

    init(store: String) throws {
        let program = try DaemonProcess.program()
        let folder = try TemporaryFolder()
        _ = try TestProcess(program, ["node", "make-key", folder.path + "/key.pem"]).waitForEnd()
        _ = try TestProcess(
            program, ["node", "add-user", "--users", folder.path + "/users", "alice"], input: "correct horse\n"
        ).waitForEnd()
        process = try TestProcess(
            program,
            [
                "node", "--port", "0", "--http", "127.0.0.1:0", "--keys", folder.path + "/key.pem", "--users",
                folder.path + "/users", "--backend", store,
            ])
        process.folder = folder
        let line = try process.waitForLine(containing: "listening on http://")
        url = String(line.dropFirst("listening on ".count))
    }

    private func ask(_ path: String, _ method: String, token: String? = nil, body: String? = nil) async throws -> (
        status: UInt, body: String
    ) {
        var request = HTTPClientRequest(url: url + path)
        request.method = .init(rawValue: method)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
        return (answer.status.code, String(buffer: try await answer.body.collect(upTo: 1 << 20)))
    }

    func logIn() async throws -> String {
        let answer = try await ask("/login", "POST", body: #"{"username":"alice","password":"correct horse"}"#)
        let json = try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any]
        return try #require(json?["access_token"] as? String, "\(answer)")
    }

    func me(_ token: String) async throws -> UInt { try await ask("/me", "GET", token: token).status }

    func logOut(_ token: String) async throws {
        let answer = try await ask("/logout", "POST", token: token)
        #expect(answer.status / 100 == 2)
    }
}
