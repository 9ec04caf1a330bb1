import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import AdminHTTP

@Suite struct AdminServerTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static let nothing: AdminServer.Answer = { _ in nil }

    /// Serves on a free port what `answer` says while `body` asks.
    private func serve(
        _ answer: @escaping AdminServer.Answer, _ body: (_ base: String, _ port: Int) async throws -> Void
    ) async throws {
        let listening = try #require(AdminListening("127.0.0.1:0"))
        let server = try #require(try await AdminServer.start(listening, logger: Self.logger, answer: answer))
        let address = try #require(server.address)
        do { try await body("http://\(address)", address.port) } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private func ask(
        _ url: String, _ method: HTTPMethod = .GET, host: String? = nil
    ) async throws -> (status: UInt, body: String) {
        var request = HTTPClientRequest(url: url)
        request.method = method
        if let host { request.headers.add(name: "Host", value: host) }
        let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        return (answer.status.code, String(buffer: try await answer.body.collect(upTo: 1 << 20)))
    }

    @Test func pathsAreAnsweredWhateverTheirQuery() async throws {
        let answer: AdminServer.Answer = {
            $0 == "/metrics" ? AdminResponse("x 1\n", contentType: "text/plain") : nil
        }
        try await serve(answer) { base, _ in
            for path in ["/metrics", "/metrics?a=b"] {
                let answer = try await ask(base + path)
                #expect(answer.status == 200)
                #expect(answer.body == "x 1\n")
            }
            let head = try await ask(base + "/metrics", .HEAD)
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
            let unknown = try await ask(base + "/other")
            #expect(unknown.status == 404)
            let posted = try await ask(base + "/metrics", .POST)
            #expect(posted.status == 405)
        }
    }

    /// A web page whose name resolves to 127.0.0.1 reads nothing; an address that was asked for answers whatever name
    /// leads to it.
    @Test func aServerOnLoopbackAnswersForNoOtherName() async throws {
        let answer: AdminServer.Answer = { $0 == "/metrics" ? AdminResponse("x 1\n", contentType: "text/plain") : nil }
        try await serve(answer) { base, port in
            for host in [
                "127.0.0.1", "127.0.0.1:\(port)", "10.1.2.3", "[::1]:80", "[fe80::1]", "localhost", "LocalHost.:9", nil,
            ] {
                let answer = try await ask(base + "/metrics", host: host)
                #expect(answer.status == 200, "\(host ?? "")")
            }
            for host in [
                "attacker.example", "attacker.example:\(port)", "127.0.0.1.attacker.example",
                "localhost.attacker.example",
                "[::1].attacker.example", "[::1", "127.0.0.1:80:x", "::1", "a@127.0.0.1",
            ] {
                for method in [HTTPMethod.GET, .HEAD, .POST] {
                    let answer = try await ask(base + "/metrics", method, host: host)
                    #expect(answer.status == 421 && !answer.body.contains("x 1"), "\(host)")
                }
            }
        }
        // Loopback, in a spelling that is not known for it: as an address beyond it, which a scraper calls by any name.
        let exposed = try #require(
            try await AdminServer.start(
                .on(AdminAddress(host: "2130706433", port: 0)), logger: Self.logger, answer: answer))
        let port = exposed.address?.port ?? 0
        let named = try? await ask("http://127.0.0.1:\(port)/metrics", host: "store:7380")
        #expect(named?.status == 200)
        await exposed.stop()
    }

    /// To compare a letter with marks that are out of order takes the square of their number.
    @Test func onlyASCIIIsCompared() {
        #expect(AdminRequestHandler.path(of: "/metrics?a=b") == "/metrics")
        for target in ["/metric\u{301}", "/metrics?a=\u{301}"] { #expect(AdminRequestHandler.path(of: target) == nil) }
        #expect(RequestHost.isLocal("localhost:3"))
        #expect(!RequestHost.isLocal("localhost:\u{0663}"))
    }

    @Test func theProbeTellsReadyFromNotReady() async throws {
        let answer: AdminServer.Answer = { path in
            switch path {
            case "/readyz": AdminResponse(.notReady("loading", "the data directory is being read: 3 %"))
            case "/fine": AdminResponse(.ready(warnings: ["a replica"]))
            default: nil
            }
        }
        try await serve(answer) { base, _ in
            for url in [base, base + "/"] {
                let loading = try await HealthProbe(url).ask(timeout: .seconds(10))
                #expect(loading == .notReady("loading", "the data directory is being read: 3 %"))
            }
            let fine = try await HealthProbe(base + "/fine").ask(timeout: .seconds(10))
            #expect(fine == .ready(warnings: ["a replica"]))
            let missing = try await HealthProbe(base + "/missing").ask(timeout: .seconds(10))
            #expect(!missing.ready)
        }
    }

    @Test func theProbeDoesNotWaitForAServerThatDoesNotAnswer() async throws {
        let answer: AdminServer.Answer = { _ in
            do { try await Task.sleep(for: .seconds(60)) } catch {}
            return nil
        }
        try await serve(answer) { base, _ in
            let start = ContinuousClock.now
            let silence = try await HealthProbe(base).ask(timeout: .milliseconds(100))
            #expect(silence.cause == "unreachable")
            #expect(ContinuousClock.now - start < .seconds(20))
        }
    }

    /// Connections that say nothing, or only half of a request, keep no health check out.
    @Test func whoSaysNothingKeepsNobodyOut() async throws {
        let answer: AdminServer.Answer = { $0 == "/healthz" ? .alive : nil }
        try await serve(answer) { base, port in
            let group = MultiThreadedEventLoopGroup.singleton
            for beginning in ["", "GET /healthz HTTP/1.1\r\nHost: a\r\n"] {
                var silent: [any Channel] = []
                for _ in 0..<100 {
                    let channel = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port).get()
                    // It may be closed by then.
                    try? await channel.writeAndFlush(ByteBuffer(string: beginning))
                    silent.append(channel)
                }
                for _ in 0..<3 {
                    let health = try await ask(base + "/healthz")
                    #expect(health.status == 200)
                }
                for channel in silent { try? await channel.close() }
            }
        }
    }

    @Test func nothingThereIsNotReadyAndNoURLIsAnError() async throws {
        // A port that was free a moment ago.
        var url = ""
        try await serve(Self.nothing) { base, _ in url = base }
        let absence = try await HealthProbe(url).ask(timeout: .seconds(10))
        #expect(absence.cause == "unreachable")
        #expect(throws: HealthProbe.InvalidURL.self) { _ = try HealthProbe("127.0.0.1:7380") }
    }

    @Test func aTakenAddressIsAnErrorOnlyIfItWasAskedFor() async throws {
        try await serve(Self.nothing) { _, port in
            let address = AdminAddress(host: "127.0.0.1", port: port)
            let none = try await AdminServer.start(.onIfFree(address), logger: Self.logger, answer: Self.nothing)
            #expect(none == nil)
            let error = await #expect(throws: AdminError.self) {
                try await AdminServer.start(.on(address), logger: Self.logger, answer: Self.nothing)
            }
            #expect(error?.isAddressInUse == true)
            #expect(error?.description.contains("--http") == true)
        }
    }
}
