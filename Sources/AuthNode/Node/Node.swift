import Contract
import Foundation
import HTTPTypes
public import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import RevocationHTTP

/// An auth node: log-in, log-out, and who may pass, over HTTP. Nodes share keys and denylist, nothing else.
public struct Node: Sendable {
    /// The most bytes of all headers of a request, and how many there may be.
    private static let maximumHeaderBytes = 32 << 10
    private static let maximumHeaderCount = 100
    private static let realm = "revoked"
    /// Where requests are handled, and where the connections to the denylist are: so a check costs no change of thread.
    static let eventLoops = MultiThreadedEventLoopGroup.singleton

    private let settings: NodeSettings
    private let keys: KeyRing
    private let verifier: TokenVerifier
    private let passwords: PasswordCheck
    private let clients: Clients
    private let denylist: any NodeDenylist
    private let clock: WallClock
    private let logger: Logger

    /// - Parameter clients: who may use the OAuth endpoints.
    /// - Parameter issuers: others whose access tokens are accepted, beside our own.
    public init(
        _ settings: NodeSettings, keys: KeyRing, accounts: Accounts, clients: Clients = Clients(),
        issuers: [TrustedIssuer] = [], denylist: any NodeDenylist, clock: WallClock = .system, logger: Logger
    ) throws {
        try settings.validate()
        guard Set(issuers.map(\.name) + [settings.issuer]).count == issuers.count + 1 else {
            throw NodeError(.invalidSetting, "an issuer is named twice")
        }
        var own = TrustedIssuer(
            name: settings.issuer, audience: settings.audience, keys: keys, kinds: [.access, .refresh])
        own.usesAuthenticationTime = true
        // Its times are the store's, which this machine's clock may be so far behind.
        own.lead = .milliseconds(Limits.maximumSkewMilliseconds)
        verifier = TokenVerifier(
            issuers: [own] + issuers, leeway: settings.leeway, longestLifetime: settings.refreshTokenLifetime,
            clock: clock)
        passwords = try PasswordCheck(accounts)
        self.settings = settings
        self.keys = keys
        self.clients = clients
        self.denylist = denylist
        self.clock = clock
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
            server: .onEventLoops(
                Self.eventLoops,
                configuration: .init(idleTimeout: .seconds(60), httpDecoderConfiguration: decoder)),
            configuration: ApplicationConfiguration(address: .hostname(settings.bind, port: settings.port)),
            onServerRunning: { channel in onListening(channel.localAddress?.port ?? settings.port) },
            eventLoopGroupProvider: .shared(Self.eventLoops),
            logger: logger)
    }

    private func router() -> Router<NodeContext> {
        let router = Router(context: NodeContext.self)
        router.add(middleware: RequestMetrics())
        router.add(middleware: AccessLog(logger: logger))
        router.add(middleware: BodyLimit())
        addSessions(to: router)
        addOAuth(to: router)
        router.get(".well-known/jwks.json") { [keys] _, _ in
            Response.json(keys.json, cacheControl: "public, max-age=300")
        }
        router.get("healthz") { _, _ in try Response.json(["alive": true]) }
        router.get("readyz", use: ReadinessRoute(denylist: denylist).handle)
        if let secret = settings.adminSecret {
            let administration = AdministrationRoute(
                secret: secret, denylist: denylist, issuer: settings.issuer, realm: Self.realm)
            router.post("admin/revoke", use: administration.handle)
        }
        return router
    }

    private func addSessions(to router: Router<NodeContext>) {
        let cookies = settings.cookies ? SessionCookies() : nil
        let minting = PairMinting(issuer: TokenIssuer(settings, keys: keys), denylist: denylist, cookies: cookies)
        let revoking = Revoking(denylist: denylist)
        let gate = TokenGate(
            verifier: verifier, denylist: denylist, cookie: cookies.map { _ in SessionCookies.access },
            realm: Self.realm)
        let credentials = CredentialCheck(
            passwords: passwords, limit: LoginLimit(attempts: settings.loginAttempts, clock: clock),
            trustsForwardedFor: settings.trustsForwardedFor, realm: Self.realm)
        let login = LoginRoute(credentials: credentials, minting: minting)
        let refresh = RefreshRoute(
            verifier: verifier, minting: minting, denylist: denylist, issuer: settings.issuer)
        let logout = LogoutRoute(verifier: verifier, revoking: revoking, cookies: cookies, realm: Self.realm)
        let everywhere = LogoutEverywhereRoute(
            revoking: revoking, credentials: credentials, minting: minting, issuer: settings.issuer,
            realm: Self.realm)
        let forward = ForwardAuthRoute(gate: gate, policy: settings.failurePolicy, realm: Self.realm)

        router.post("login", use: login.handle)
        router.post("refresh", use: refresh.handle)
        router.post("logout", use: logout.handle)
        router.get("auth", use: forward.handle)
        router.group().add(middleware: RevocationMiddleware(gate))
            .post("logout-everywhere", use: everywhere.handle)
        router.group().add(middleware: RevocationMiddleware(gate, policy: settings.failurePolicy))
            .get("me", use: MeRoute().handle)
    }

    private func addOAuth(to router: Router<NodeContext>) {
        let revocation = TokenRevocationRoute(
            clients: clients, verifier: verifier, revoking: Revoking(denylist: denylist))
        let introspection = IntrospectionRoute(clients: clients, verifier: verifier, denylist: denylist)
        router.post("oauth2/revoke", use: revocation.handle)
        router.post("oauth2/introspect", use: introspection.handle)
    }
}
