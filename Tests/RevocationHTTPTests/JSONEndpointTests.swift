import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import RevocationHTTP

/// Requests to a configured address, over real HTTP.
@Suite struct JSONEndpointTests {
    private static let released = AsyncStream<Void>.makeStream()

    /// Runs `body` while a server answers well and badly. A redirect leads to `/internal`, which nobody may ask.
    private func withServer(_ body: @Sendable (_ url: String) async throws -> Void) async throws {
        let router = Router()
        router.post("echo") { request, _ in
            let text = String(buffer: try await request.body.collect(upTo: 1_000))
            let named: [HTTPField.Name] = [.contentType, .accept, .authorization, .contentLanguage]
            return ([text] + named.map { request.headers[$0] ?? "-" }).joined(separator: "|")
        }
        for status in [301, 302, 303, 307, 308] {
            router.post("moved/\(status)") { _, _ in
                Response(status: .init(code: status), headers: [.location: "/internal"])
            }
        }
        for method in [HTTPRequest.Method.get, .post] {
            router.on("internal", method: method) { _, _ in
                Issue.record("a redirect was followed")
                return Response(status: .ok)
            }
        }
        router.post("large") { _, _ in String(repeating: " ", count: (2 << 20) + 1) }
        router.post("stalls") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody(contentLength: 100) { writer in
                    try await writer.write(ByteBuffer(string: "{"))
                    for await _ in Self.released.stream { break }
                })
        }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)))
        try await application.test(.live) { client in
            try await body("http://127.0.0.1:\(try #require(client.port))")
        }
    }

    private func post(_ url: String, within deadline: Duration = .seconds(10)) async throws -> String {
        let body = try await JSONEndpoint(url, authorization: "Bearer secret").post(Data("{}".utf8), within: deadline)
        return String(decoding: body, as: UTF8.self)
    }

    @Test func theRequestIsJSONWithItsCredential() async throws {
        try await withServer { url in
            let seen = try await post(url + "/echo")
            #expect(seen == "{}|application/json|application/json|Bearer secret|en")
        }
    }

    @Test(arguments: [301, 302, 303, 307, 308]) func aRedirectIsNotFollowed(status: Int) async throws {
        try await withServer { url in
            let failure = await #expect(throws: JSONEndpoint.Failure.self) {
                try await post("\(url)/moved/\(status)")
            }
            #expect(failure?.message.contains("\(status)") == true)
        }
    }

    @Test(arguments: ["/nothing", "/large"]) func whateverElseItAnswersIsNone(path: String) async throws {
        try await withServer { url in
            await #expect(throws: JSONEndpoint.Failure.self) { try await post(url + path) }
        }
    }

    /// The head of an answer comes, and nothing more.
    @Test func aSlowAnswerIsNotWaitedFor() async throws {
        try await withServer { url in
            let failure = await #expect(throws: JSONEndpoint.Failure.self) {
                try await post(url + "/stalls", within: .milliseconds(200))
            }
            #expect(failure?.message.contains("no complete answer") == true)
            Self.released.continuation.yield()
        }
    }

    @Test func nobodyIsThere() async throws {
        let failure = await #expect(throws: JSONEndpoint.Failure.self) { try await post("http://127.0.0.1:1/") }
        #expect(failure?.message.contains("secret") == false)
    }

    @Test(arguments: [
        "http://example.com/", "ftp://127.0.0.1/", "file:///etc/passwd", "//127.0.0.1/", "",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1@evil.example/", "redis://127.0.0.1:6379",
    ])
    func anAddressIsEncryptedOrOfThisMachine(url: String) {
        #expect(throws: JSONEndpoint.Failure.self) { try JSONEndpoint(url, authorization: nil) }
    }
}
