import AdminHTTP
import Contract
import Foundation
import HTTPTypes
package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
package import RevocationHTTP

/// An auth node: log-in, log-out, and who may pass, over HTTP. Nodes share keys and denylist, nothing else.
package struct Node: Sendable {
    /// The most bytes of all headers of a request, and how many there may be.
    private static let maximumHeaderBytes = 32 << 10
    private static let maximumHeaderCount = 100
    /// How many connections wait in the kernel while no more are accepted.
    private static let backlog = 1024
    private static let realm = "revoked"
    /// Where requests are handled, and where the connections to the denylist are: so a check costs no change of thread.
    static let eventLoops = MultiThreadedEventLoopGroup.singleton

    private let configuration: NodeConfiguration
    private let omitted: OmittedNodeProtection?
    private let keys: KeyRing
    private let verifier: TokenVerifier
    private let passwords: PasswordCheck
    private let clients: Clients
    private let health: NodeHealth
    private let denylist: any NodeDenylist
    private let clock: WallClock
    private let logger: Logger
    private let maximumConnections: Int
    private let accepting: AcceptStatus

    /// - Parameter clients: who may use the OAuth endpoints.
    /// - Parameter issuers: others whose access tokens are accepted, beside our own.
    package init(
        _ configuration: NodeConfiguration, keys: KeyRing, accounts: Accounts, clients: Clients = Clients(),
        issuers: [TrustedIssuer] = [], denylist: any NodeDenylist, clock: WallClock = .system, logger: Logger
    ) throws {
        try self.init(
            configuration, keys: keys, accounts: accounts, clients: clients, issuers: issuers, denylist: denylist,
            revokedKeys: RevokedKeys(), clock: clock, logger: logger)
    }

    /// A node without a protection: the laboratory shows with it what the protection is for.
    package init(
        _ configuration: NodeConfiguration, keys: KeyRing, accounts: Accounts, clients: Clients,
        issuers: [TrustedIssuer],
        denylist: any NodeDenylist, clock: WallClock, logger: Logger, omitting omitted: OmittedNodeProtection?
    ) throws {
        try self.init(
            configuration, keys: keys, accounts: accounts, clients: clients, issuers: issuers, denylist: denylist,
            revokedKeys: RevokedKeys(), clock: clock, logger: logger, omitted: omitted)
    }

    /// - Parameter revokedKeys: the keys that are known to be revoked, kept up to date by a ``RevokedKeyWatch``.
    /// - Parameter accepting: where it is noted whether connections are accepted.
    init(
        _ configuration: NodeConfiguration, keys: KeyRing, accounts: Accounts, clients: Clients,
        issuers: [TrustedIssuer],
        denylist: any NodeDenylist, revokedKeys: RevokedKeys, accepting: AcceptStatus = AcceptStatus(),
        clock: WallClock, logger: Logger, omitted: OmittedNodeProtection? = nil
    ) throws {
        try configuration.validate()
        guard Set(issuers.map(\.name) + [configuration.issuer]).count == issuers.count + 1 else {
            throw NodeError(.invalidSetting, "an issuer is named twice")
        }
        var own = TrustedIssuer(
            name: configuration.issuer, audience: configuration.audience, keys: keys, kinds: [.access, .refresh])
        own.usesAuthenticationTime = true
        // Its times are the store's, which this machine's clock may be so far behind.
        own.lead = .milliseconds(Limits.maximumSkewMilliseconds)
        // The terms cover the lifetime of each issuer (``IssuerFile``), however short this node's own tokens live.
        verifier = TokenVerifier(
            issuers: [own] + issuers, leeway: configuration.leeway,
            longestLifetime: .milliseconds(Limits.maximumLifetimeMilliseconds), clock: clock)
        passwords = try PasswordCheck(accounts, acceptsAny: omitted == .passwords)
        if passwords.hasMixedCosts {
            logger.warning(
                """
                passwords are hashed at different costs, and every log-in pays for all: give the older accounts another \
                password (revoked node add-user --replace)
                """)
        }
        self.configuration = configuration
        self.omitted = omitted
        self.keys = keys
        self.clients = clients
        health = NodeHealth(
            denylist: denylist, own: configuration.issuer, keys: keys, others: issuers, revokedKeys: revokedKeys,
            accepting: accepting)
        self.accepting = accepting
        self.denylist = denylist
        self.clock = clock
        self.logger = logger
        maximumConnections = try DescriptorLimit.connections(loops: Array(Self.eventLoops.makeIterator()).count)
    }

    /// The HTTP server.
    /// - Parameter onListening: told the port once connections are accepted.
    package func application(
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) -> Application<NodeResponder> {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: Self.maximumHeaderBytes, maxHeaderListSize: Self.maximumHeaderBytes,
            maxHeaderFieldCount: Self.maximumHeaderCount)
        let places = ConnectionPlaces()
        return Application(
            responder: responder(),
            server: .onEventLoops(
                Self.eventLoops, places: places,
                configuration: .init(idleTimeout: .seconds(60), httpDecoderConfiguration: decoder)),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.bind, port: configuration.port), backlog: Self.backlog),
            onServerRunning: { [configuration, maximumConnections, accepting, logger] channel in
                // Fails only if the channel has been closed meanwhile.
                try? await channel.eventLoop.submit {
                    try channel.pipeline.syncOperations.addHandler(
                        AcceptLimit(
                            maximum: maximumConnections, status: accepting, logger: logger,
                            makeRoom: { places.makeRoom(for: $0) }), position: .first)
                }.get()
                onListening(channel.localAddress?.port ?? configuration.port)
            },
            eventLoopGroupProvider: .shared(Self.eventLoops),
            logger: logger)
    }

    private func responder() -> NodeResponder {
        let router = Router(context: NodeContext.self)
        router.add(middleware: RequestMetrics())
        router.add(middleware: AccessLog(logger: logger))
        router.add(middleware: BodyLimit())
        var routes = NodeRoutes(router)
        addSessions(to: &routes)
        addOAuth(to: &routes)
        routes.add(.get, "/.well-known/jwks.json") { [keys] _, _ in
            Response.json(keys.json, cacheControl: "public, max-age=300")
        }
        routes.add(.get, "/healthz") { _, _ in try Response.json(["alive": true]) }
        routes.add(.get, "/readyz", use: ReadinessRoute(health: health).handle)
        if let secret = configuration.adminSecret {
            let administration = AdministrationRoute(
                secret: secret, denylist: denylist, issuer: configuration.issuer, realm: Self.realm)
            routes.add(.post, "/admin/revoke", use: administration.handle)
        }
        return routes.responder(anyMethod: ForwardAuthRoute.path)
    }

    private func addSessions(to routes: inout NodeRoutes) {
        let cookies = configuration.cookies ? SessionCookies() : nil
        let minting = PairMinting(
            issuer: TokenIssuer(configuration, keys: keys, revokedKeys: health.revokedKeys), denylist: denylist,
            cookies: cookies)
        let revoking = Revoking(denylist: denylist)
        var gate = TokenGate(
            verifier: verifier, denylist: denylist, cookie: cookies.map { _ in SessionCookies.access },
            realm: Self.realm)
        if omitted == .tokenKinds { gate.kinds = [.access, .refresh] }
        let credentials = CredentialCheck(
            passwords: passwords, limit: LoginLimit(attempts: configuration.loginAttempts, clock: clock),
            trustsForwardedFor: configuration.trustsForwardedFor, realm: Self.realm)
        let login = LoginRoute(credentials: credentials, minting: minting)
        let refresh = RefreshRoute(
            verifier: verifier, minting: minting, denylist: denylist, issuer: configuration.issuer,
            limit: RefreshLimit(refreshes: configuration.sessionRefreshes, clock: clock))
        let logout = LogoutRoute(verifier: verifier, revoking: revoking, cookies: cookies, realm: Self.realm)
        let everywhere = LogoutEverywhereRoute(
            revoking: revoking, credentials: credentials, minting: minting, issuer: configuration.issuer,
            realm: Self.realm)
        let forward = ForwardAuthRoute(gate: gate, policy: configuration.failurePolicy, realm: Self.realm)

        let origin: [NodeRoutes.Middleware] = configuration.cookies ? [SameOrigin()] : []
        routes.add(.post, "/login", behind: origin, use: login.handle)
        routes.add(.post, "/refresh", behind: origin, use: refresh.handle)
        routes.add(.post, "/logout", behind: origin, use: logout.handle)
        routes.add(
            .post, "/logout-everywhere", behind: origin + [RevocationMiddleware(gate)], use: everywhere.handle)
        routes.add(.get, ForwardAuthRoute.path, use: forward.handle)
        routes.add(
            .get, "/me", behind: [RevocationMiddleware(gate, policy: configuration.failurePolicy)],
            use: MeRoute().handle)
    }

    private func addOAuth(to routes: inout NodeRoutes) {
        let revocation = TokenRevocationRoute(
            clients: clients, verifier: verifier, revoking: Revoking(denylist: denylist))
        let introspection = IntrospectionRoute(clients: clients, verifier: verifier, denylist: denylist)
        routes.add(.post, "/oauth2/revoke", use: revocation.handle)
        routes.add(.post, "/oauth2/introspect", use: introspection.handle)
    }
}
