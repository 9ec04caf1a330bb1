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
import TLS

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
    let health: NodeHealth
    private let denylist: any NodeDenylist
    private let clock: WallClock
    let logger: Logger
    private let maximumConnections: Int
    private let accepting: AcceptStatus
    private let intake: EventIntake
    /// Polls identity providers for events.
    let poller: EventPoller

    /// - Parameter clients: who may use the OAuth endpoints.
    /// - Parameter issuers: others whose access tokens are accepted, beside our own.
    /// - Parameter providers: identity providers that may end tokens.
    package init(
        _ configuration: NodeConfiguration, keys: KeyRing, accounts: Accounts, clients: Clients = Clients(),
        issuers: [TrustedIssuer] = [], providers: [IdentityProvider] = [], denylist: any NodeDenylist,
        clock: WallClock = .system, logger: Logger
    ) throws {
        try self.init(
            configuration, keys: keys, accounts: accounts, clients: clients, issuers: issuers, providers: providers,
            denylist: denylist, revokedKeys: RevokedKeys(), clock: clock, logger: logger)
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
    /// - Parameter tls: the certificate of an HTTPS server; nil for HTTP.
    init(
        _ configuration: NodeConfiguration, keys: KeyRing, accounts: Accounts, clients: Clients,
        issuers: [TrustedIssuer], providers: [IdentityProvider] = [],
        denylist: any NodeDenylist, revokedKeys: RevokedKeys, accepting: AcceptStatus = AcceptStatus(),
        tls: ServerTLS? = nil, clock: WallClock, logger: Logger, omitted: OmittedNodeProtection? = nil
    ) throws {
        try configuration.validate()
        guard Set(issuers.map(\.name) + [configuration.issuer]).count == issuers.count + 1 else {
            throw NodeError(.invalidSetting, "an issuer is named twice")
        }
        var own = TrustedIssuer(
            name: configuration.issuer, audience: configuration.audience, keys: keys, kinds: [.access, .refresh])
        own.usesAuthenticationTime = true
        own.claimNames.clients = ["client_id"]
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
        self.clients = clients.including(publicClient: configuration.client)
        intake = EventIntake(providers, denylist: denylist, leeway: configuration.leeway, clock: clock)
        poller = EventPoller(providers, intake: intake, logger: logger)
        health = NodeHealth(
            denylist: denylist, own: configuration.issuer, keys: keys, others: issuers, revokedKeys: revokedKeys,
            accepting: accepting, polling: poller.problems, tls: tls)
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
                Self.eventLoops, places: places, tls: health.tls,
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
        let refresh = addSessions(to: &routes)
        addOAuth(to: &routes, refresh)
        if !intake.isEmpty { addEvents(to: &routes) }
        routes.add(.get, "/.well-known/jwks.json", isForPages: true) { [keys] _, _ in
            Response.json(keys.json, cacheControl: "public, max-age=300")
        }
        routes.add(.get, "/healthz") { _, _ in try Response.json(["alive": true]) }
        routes.add(.get, "/readyz", use: ReadinessRoute(health: health).handle)
        if let secret = configuration.adminSecret {
            let administration = AdministrationRoute(
                secret: secret, denylist: denylist, issuer: configuration.issuer, realm: Self.realm)
            routes.add(.post, "/admin/revoke", use: administration.handle)
        }
        return routes.responder(
            anyMethod: ForwardAuthRoute.path, origins: configuration.allowedOrigins,
            sendsCookies: configuration.cookies)
    }

    /// - Returns: the exchange of refresh tokens.
    private func addSessions(to routes: inout NodeRoutes) -> RefreshRoute {
        let cookies = configuration.cookies ? SessionCookies() : nil
        let minting = PairMinting(
            issuer: TokenIssuer(configuration, keys: keys, revokedKeys: health.revokedKeys), denylist: denylist,
            cookies: cookies, records: sessionRecords, proxies: configuration.trustedProxies)
        let revoking = Revoking(denylist: denylist)
        var gate = TokenGate(
            verifier: verifier, denylist: denylist, cookie: cookies.map { _ in SessionCookies.access },
            realm: Self.realm)
        if omitted == .tokenKinds { gate.kinds = [.access, .refresh] }
        let credentials = CredentialCheck(
            passwords: passwords, limit: LoginLimit(attempts: configuration.loginAttempts, clock: clock),
            proxies: configuration.trustedProxies, realm: Self.realm)
        let login = LoginRoute(credentials: credentials, minting: minting)
        let refresh = RefreshRoute(
            verifier: verifier, minting: minting, denylist: denylist, issuer: configuration.issuer,
            limit: RefreshLimit(refreshes: configuration.sessionRefreshes, clock: clock))
        let logout = LogoutRoute(verifier: verifier, revoking: revoking, cookies: cookies, realm: Self.realm)
        let everywhere = LogoutEverywhereRoute(
            revoking: revoking, credentials: credentials, minting: minting, issuer: configuration.issuer,
            realm: Self.realm)
        let sameOrigin = SameOrigin(origins: configuration.allowedOrigins, proxies: configuration.trustedProxies)
        let forward = ForwardAuthRoute(
            gate: gate, policy: configuration.failurePolicy, headers: configuration.upstreamHeaders,
            cacheLifetime: configuration.authCacheLifetime, sameOrigin: configuration.cookies ? sameOrigin : nil,
            clock: clock, realm: Self.realm)

        let origin: [NodeRoutes.Middleware] = configuration.cookies ? [sameOrigin] : []
        routes.add(.post, "/login", behind: origin, isForPages: true, use: login.handle)
        routes.add(.post, "/refresh", behind: origin, isForPages: true, use: refresh.handle)
        routes.add(.post, "/logout", behind: origin, isForPages: true, use: logout.handle)
        routes.add(
            .post, "/logout-everywhere", behind: origin + [RevocationMiddleware(gate)], isForPages: true,
            use: everywhere.handle)
        routes.add(.get, ForwardAuthRoute.path, use: forward.handle)
        routes.add(
            .get, "/me", behind: [RevocationMiddleware(gate, policy: configuration.failurePolicy)], isForPages: true,
            use: MeRoute().handle)
        if let tokens = denylist as? any TokenWatching {
            let streams = EventStreamRoute(
                tokens: tokens, policy: configuration.failurePolicy,
                places: StreamPlaces(connections: maximumConnections))
            routes.add(
                .get, "/events", behind: [RevocationMiddleware(gate, policy: configuration.failurePolicy)],
                isForPages: true, use: streams.handle)
        }
        if let records = minting.records {
            let sessions = SessionsRoute(
                records: records, denylist: denylist, revoking: revoking, proxies: configuration.trustedProxies,
                cookies: cookies,
                limit: RefreshLimit(
                    refreshes: 10, message: "the session asks for its user's sessions too often", clock: clock))
            let mine: [NodeRoutes.Middleware] = [RevocationMiddleware(gate)]
            routes.add(.get, "/sessions", behind: mine, isForPages: true, use: sessions.list)
            routes.add(.delete, "/sessions/:id", behind: origin + mine, isForPages: true, use: sessions.end)
        }
        return refresh
    }

    private var sessionRecords: SessionRecords? {
        guard let store = denylist as? any SessionStore else { return nil }
        return SessionRecords(
            store: store, denylist: denylist, issuer: configuration.issuer, client: configuration.client,
            lifetime: configuration.refreshTokenLifetime, clock: clock)
    }

    private func addOAuth(to routes: inout NodeRoutes, _ refresh: RefreshRoute) {
        let revocation = TokenRevocationRoute(
            clients: clients, verifier: verifier, revoking: Revoking(denylist: denylist))
        let introspection = IntrospectionRoute(clients: clients, verifier: verifier, denylist: denylist)
        let token = TokenRoute(clients: clients, refresh: refresh)
        routes.add(.post, "/oauth2/revoke", isForPages: true, use: revocation.handle)
        routes.add(.post, "/oauth2/token", isForPages: true, use: token.handle)
        routes.add(.post, "/oauth2/introspect", use: introspection.handle)
        if let metadata = AuthorizationServerMetadata(
            issuer: configuration.issuer, revokesGlobally: intake.accepts(.revocation, for: configuration.issuer)),
            let json = try? JSONEncoder().encode(metadata)
        {
            routes.add(.get, metadata.path, isForPages: true) { _, _ in
                Response.json(json, cacheControl: "public, max-age=300")
            }
        }
    }

    private func addEvents(to routes: inout NodeRoutes) {
        let gate = CallerGate(limit: CallerLimit(clock: clock), proxies: configuration.trustedProxies)
        routes.add(
            .post, "/backchannel-logout", use: BackchannelLogoutRoute(intake: intake, gate: gate).handle)
        routes.add(
            .post, GlobalRevocationRoute.path,
            use: GlobalRevocationRoute(intake: intake, gate: gate, realm: Self.realm).handle)
        routes.add(.post, "/events", use: EventPushRoute(intake: intake, gate: gate).handle)
    }
}
