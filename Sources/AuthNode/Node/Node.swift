import Foundation
import HTTPTypes
public import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
public import RevocationHTTP

/// An auth node: log-in, log-out and a protected resource over HTTP. Nodes share keys and denylist, nothing else.
public struct Node: Sendable {
    /// The most bytes of all headers of a request, and how many there may be.
    private static let maximumHeaderBytes = 32 << 10
    private static let maximumHeaderCount = 100
    private static let realm = "revoked"

    private let settings: NodeSettings
    private let keySet: Data
    private let verifier: AccessTokenVerifier
    private let issuer: TokenIssuer
    private let passwords: PasswordCheck
    private let denylist: any RevocationChecking
    private let logger: Logger

    /// - Parameter keys: the first signs, all verify; at least one.
    public init(
        _ settings: NodeSettings, keys: [SigningKey], accounts: Accounts, denylist: any RevocationChecking,
        clock: WallClock = .system, logger: Logger
    ) async throws {
        try settings.validate()
        guard let signingKey = keys.first else { throw NodeError(.invalidKeyFile, "there is no key to sign with") }
        self.settings = settings
        keySet = try PublicKeySet(keys: keys.map(\.publicKey)).json()
        // A node verifies with exactly the keys that it publishes.
        verifier = AccessTokenVerifier(
            keys: try await VerificationKeys(jwks: keySet), issuer: settings.issuer, audience: settings.audience,
            leeway: settings.leeway, clock: clock)
        issuer = try await TokenIssuer(settings, key: signingKey, clock: clock)
        passwords = try PasswordCheck(accounts)
        self.denylist = denylist
        self.logger = logger
    }

    /// The HTTP server.
    /// - Parameter onListening: told the port once connections are accepted.
    public func application(
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) -> Application<RouterResponder<NodeContext>> {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: Self.maximumHeaderBytes, maxHeaderListSize: Self.maximumHeaderBytes,
            maxHeaderFieldCount: Self.maximumHeaderCount)
        return Application(
            router: router(),
            server: .http1(configuration: .init(idleTimeout: .seconds(60), httpDecoderConfiguration: decoder)),
            configuration: ApplicationConfiguration(address: .hostname(settings.bind, port: settings.port)),
            onServerRunning: { channel in onListening(channel.localAddress?.port ?? settings.port) },
            logger: logger)
    }

    private func router() -> Router<NodeContext> {
        let login = LoginRoute(passwords: passwords, issuer: issuer, denylist: denylist, realm: Self.realm)
        let logout = LogoutRoute(verifier: verifier, denylist: denylist, realm: Self.realm)
        let readiness = ReadinessRoute(denylist: denylist)
        let keySet = keySet

        let router = Router(context: NodeContext.self)
        router.add(middleware: BodyLimit())
        router.post("login", use: login.handle)
        router.post("logout", use: logout.handle)
        router.get(".well-known/jwks.json") { _, _ in Response.json(keySet, cacheControl: "public, max-age=300") }
        router.get("healthz") { _, _ in try Response.json(["alive": true]) }
        router.get("readyz", use: readiness.handle)
        router.group()
            .add(middleware: RevocationMiddleware(verifier: verifier, denylist: denylist, realm: Self.realm))
            .get("me", use: MeRoute().handle)
        return router
    }
}
