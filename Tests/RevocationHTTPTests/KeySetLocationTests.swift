import Contract
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import TestSupport
import Testing

@testable import RevocationHTTP

/// Key sets that come over real HTTP.
@Suite struct KeySetLocationTests {
    private let forge = TokenForge(kid: "one")
    private static let stalled = AsyncStream<Void>.makeStream()
    private static let released = AsyncStream<Void>.makeStream()

    /// Runs `body` while an issuer publishes its keys on loopback, well and badly.
    private func withIssuer(_ body: @Sendable (_ url: String) async throws -> Void) async throws {
        let document = "{\"keys\":[\(forge.jwk)]}"
        let router = Router()
        router.get("jwks") { _, _ in document }
        router.get("moved") { _, _ in Response.redirect(to: "/jwks") }
        router.get("large") { _, _ in document + String(repeating: " ", count: 256 << 10) }
        router.get("stalls") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody(contentLength: 100) { writer in
                    try await writer.write(ByteBuffer(string: "{"))
                    Self.stalled.continuation.yield()
                    for await _ in Self.released.stream { break }
                })
        }
        router.get("broken") { _, _ in "{\"keys\":" }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)))
        try await application.test(.live) { client in
            try await body("http://127.0.0.1:\(try #require(client.port))")
        }
    }

    @Test func aTokenIsVerifiedByTheKeyThatItsIssuerPublishes() async throws {
        try await withIssuer { url in
            let verifier = TokenVerifier(
                keys: KeySetCache(try KeySetLocation(url + "/jwks")), issuer: "us", audience: "shop",
                clock: WallClock { TokenForge.now })
            #expect(try await verifier.verify(try forge.token()).subject == "alice")
            await #expect(throws: TokenRejection.self) {
                try await verifier.verify(try TokenForge(kid: "one").token())
            }
        }
    }

    /// Its holder has replaced the key and kept its name. Nobody is asked: the file may be newer at another server.
    @Test func aKeyThatAFileHeldBeforeVerifiesNothing() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("keys.json")
        func hold(_ forge: TokenForge) throws {
            try Data("{\"keys\":[\(forge.jwk)]}".utf8).write(to: URL(filePath: path))
        }
        let (start, clock) = (ContinuousClock.now, TestClock(wall: 0))
        let location = try KeySetLocation(path)
        let cache = KeySetCache(
            algorithms: nil, logger: Logger(label: "test"), now: { start + .milliseconds(clock.wall) },
            asksIssuer: location.isOfIssuer,
            fetch: { validator async throws(VerificationKeysError) in try await location.read(unless: validator) })
        let verifier = TokenVerifier(
            keys: cache, issuer: "us", audience: "shop", clock: WallClock { TokenForge.now })
        try hold(forge)
        let (token, successor) = (try forge.token(), TokenForge(kid: "one"))
        #expect(try await verifier.verify(token).subject == "alice")
        try hold(successor)
        // Another server may have read the file already.
        let rejection = await #expect(throws: TokenRejection.self) { try await verifier.genuine(successor.token()) }
        #expect(rejection?.code == .keysUnavailable && rejection?.isFinal == false)
        clock.wall += 20_000
        await #expect(throws: TokenRejection.self) { try await verifier.verify(token) }
        #expect(try await verifier.verify(try successor.token()).subject == "alice")
    }

    /// A redirect is not followed: it could lead to where anyone can change the keys.
    @Test(arguments: [("/moved", "303"), ("/nothing", "404"), ("/large", "cannot be read")])
    func whateverElseItAnswersIsNoKeySet(path: String, complaint: String) async throws {
        try await withIssuer { url in
            let refusal = await #expect(throws: VerificationKeysError.self) {
                try await KeySetLocation(url + path).read()
            }
            #expect(refusal?.message.contains(complaint) == true, "\(String(describing: refusal?.message))")
        }
    }

    /// A server that sends the head of its answer and then nothing, or a little now and then, blocks no caller.
    @Test(.timeLimit(.minutes(1))) func aBodyThatStallsEndsWithTheTask() async throws {
        try await withIssuer { url in
            let reading = Task { try await KeySetLocation(url + "/stalls").read() }
            for await _ in Self.stalled.stream { break }
            reading.cancel()
            await #expect(throws: VerificationKeysError.self) { try await reading.value }
            Self.released.continuation.yield()
        }
    }

    @Test func aPipeIsNotWaitedFor() async throws {
        let pipe = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).json")
        defer { try? FileManager.default.removeItem(at: pipe) }
        try #require(mkfifo(pipe.path, 0o600) == 0)
        await #expect(throws: VerificationKeysError.self) { try await KeySetLocation(pipe.path).read() }
    }

    @Test(arguments: ["/moved", "/broken", "/nothing"])
    func withoutKeysItsTokensAreNeitherGoodNorBad(path: String) async throws {
        try await withIssuer { url in
            let verifier = TokenVerifier(
                keys: KeySetCache(try KeySetLocation(url + path)), issuer: "us", audience: "shop",
                clock: WallClock { TokenForge.now })
            let rejection = await #expect(throws: TokenRejection.self) { try await verifier.verify(try forge.token()) }
            #expect(rejection?.code == .keysUnavailable)
        }
    }

    @Test func aFileWillDo() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("{\"keys\":[\(forge.jwk)]}".utf8).write(to: file)
        let verifier = TokenVerifier(
            keys: KeySetCache(try KeySetLocation(file.path)), issuer: "us", audience: "shop",
            clock: WallClock { TokenForge.now })
        #expect(try await verifier.verify(try forge.token()).subject == "alice")
    }
}
