#if os(Linux)
    import AuthNode
    import Foundation
    import Hummingbird
    import Logging
    import Revocation
    import RevocationHTTP
    import RevokedServer
    import ServiceLifecycle
    import Synchronization

    /// Daemons and nodes in this process, in memory: so a part of them can be one without a protection.
    final class CanaryFleet: Sendable {
        /// The denylist, and another one that is empty.
        let store: Int
        let otherStore: Int
        /// From each node to the store.
        let links: [FaultyLink]
        let profiles: [NodeProfile]
        let list: RevocationList
        private let daemons: [CanaryDaemon]
        private let nodes: [CanaryNode]

        /// - Parameter stage: where the nodes' files are.
        /// - Parameter plan: is told whom the nodes trust.
        init(_ weakness: Weakness?, policies: [RoutePolicy], on stage: NodeStage, plan: inout NodeLoadPlan) async throws
        {
            try stage.makeFiles(&plan, nodes: policies.count)
            let daemons = [try await CanaryDaemon(), try await CanaryDaemon()]
            self.daemons = daemons
            (store, otherStore) = (daemons[0].port, daemons[1].port)
            var (links, nodes, profiles): ([FaultyLink], [CanaryNode], [NodeProfile]) = ([], [], [])
            let keys = try await KeyRing([SigningKey(generating: .es256)])
            let keySets = CanaryKeySets(plan.issuers)
            if let issuer = plan.issuers.first {
                plan.withdrawal = KeyWithdrawal(after: .seconds(1), bound: CanaryKeySets.bound) { keys in
                    keySets.publish(keys, of: issuer.name)
                }
            }
            for (number, policy) in policies.enumerated() {
                let link = try FaultyLink(to: store)
                links.append(link)
                // One of them has no store, where that is what is missing.
                let isCutOff = weakness == .hasNoStore && number == 0
                if isCutOff { link.set(.refusing) }
                let node = try await CanaryNode(
                    weakness, number + 1, store: link.port, otherStore: otherStore, policy: policy, keys: keys,
                    stage: stage, issuers: plan.issuers, keySets: keySets)
                nodes.append(node)
                profiles.append(NodeProfile(url: "http://127.0.0.1:\(node.port)", policy: policy))
            }
            (self.links, self.nodes, self.profiles) = (links, nodes, profiles)
            list = try CommandLineClient.list("redis://127.0.0.1:\(store)")
        }

        func stop() async {
            await list.close()
            for node in nodes { await node.stop() }
            for link in links { link.close() }
            for daemon in daemons { await daemon.stop() }
        }
    }

    /// Our daemon in this process, on a free port, in memory.
    final class CanaryDaemon: Sendable {
        let port: Int
        private let server: RevokedServer
        private let running: Task<Void, Never>

        init(time: TimeSource = .system, directory: String? = nil) async throws {
            var configuration = ServerConfiguration()
            configuration.port = 0
            configuration.threads = 1
            configuration.logLevel = .critical
            configuration.directory = directory
            let server = RevokedServer(configuration, time: time, logger: .silent)
            var port = 0
            for case .tcp(_, let taken) in try await server.start() { port = taken }
            try await server.recover()
            self.port = port
            self.server = server
            running = Task { await server.waitForShutdown() }
        }

        func stop() async {
            server.requestShutdown()
            await running.value
            await server.stop()
        }
    }

    /// The key sets of other issuers, as nodes fetch them. Time runs a hundred times as fast for them: what is fresh for five
    /// minutes is for three seconds here.
    final class CanaryKeySets: Sendable {
        private static let haste = 100
        /// So long after a withdrawal every node has fetched the key set again.
        static let bound: Duration = .seconds(8)

        private let keySets: Mutex<[String: Data]>
        private let start = ContinuousClock.now

        init(_ issuers: [OtherIssuer]) {
            keySets = Mutex(Dictionary(uniqueKeysWithValues: issuers.map { ($0.name, OtherIssuer.keySet($0.keys)) }))
        }

        func publish(_ keys: [OtherIssuer.Key], of issuer: String) {
            keySets.withLock { $0[issuer] = OtherIssuer.keySet(keys) }
        }

        /// What a node trusts.
        func trusted(_ issuer: OtherIssuer, _ weakness: Weakness?) -> TrustedIssuer {
            let name = issuer.name
            let start = start
            let cache = KeySetCache(
                logger: .silent, now: { start + (ContinuousClock.now - start) * Self.haste },
                fetch: { [self] () async throws(VerificationKeysError) in keySets.withLock { $0[name] ?? Data() } })
            let keys: any KeySource = weakness == .keepsWithdrawnKeys ? FirstKeys(cache) : cache
            var trusted = TrustedIssuer(name: issuer.name, audience: issuer.audience, keys: keys)
            trusted.lead = issuer.lead
            return trusted
        }

        /// Whatever was there first is believed for good.
        private final class FirstKeys: KeySource {
            private let source: KeySetCache
            private let first = Mutex<VerificationKeys?>(nil)

            init(_ source: KeySetCache) { self.source = source }

            var status: KeySourceStatus { source.status }

            func keys(for identifier: String?) async throws(TokenRejection) -> VerificationKeys {
                if let known = first.withLock({ $0 }) { return known }
                let keys = try await source.keys(for: identifier)
                return first.withLock { first in
                    first = first ?? keys
                    return first ?? keys
                }
            }
        }
    }

    /// An auth node in this process.
    private final class CanaryNode: Sendable {
        let port: Int
        private let group: ServiceGroup
        private let running: Task<Void, Never>
        private let denylist: WeakenedDenylist

        init(
            _ weakness: Weakness?, _ number: Int, store: Int, otherStore: Int, policy: RoutePolicy, keys: KeyRing,
            stage: NodeStage, issuers: [OtherIssuer], keySets: CanaryKeySets
        ) async throws {
            var settings = NodeSettings()
            settings.port = 0
            (settings.keys, settings.users) = ("shared", stage.accounts)
            settings.loginAttempts = 0
            settings.client = stage.client(number)
            settings.rotationGrace = .zero
            settings.adminSecret = stage.secret
            settings.failurePolicy = policy.failurePolicy
            if weakness == .acceptsLongLived { settings.refreshTokenLifetime = .seconds(399 * 86_400) }
            settings.acceptsAnyPassword = weakness == .acceptsAnyPassword
            settings.acceptsRefreshTokens = weakness == .acceptsRefreshTokens
            settings.accessTokenLifetime = .seconds(stage.accessTokenLifetime)
            if !issuers.isEmpty { settings.issuerLabel = stage.labels[settings.issuer] }

            var configuration = settings.denylistConfiguration(
                others: issuers.map { .init($0.name, label: $0.name) }, leads: stage.leads)
            // What the node verifies by, revocations are not kept for.
            if weakness == .acceptsLongLived { configuration.longestRefreshLifetime = .seconds(30 * 86_400) }
            denylist = try WeakenedDenylist(
                weakness, url: "redis://127.0.0.1:\(store)", other: "redis://127.0.0.1:\(otherStore)",
                configuration: configuration)
            // Writes the denylist's terms, before anyone else does. One that has no store comes without.
            try? await denylist.prepare()
            let wrong: Int64 = weakness == .trustsFastClock ? 200_000 : 0
            let trusted = issuers.map { keySets.trusted($0, weakness) }
            let node = try Node(
                settings, keys: keys, accounts: Accounts(contentsOf: stage.accounts),
                clients: ClientFile(stage.clients).load(), issuers: trusted, denylist: denylist,
                clock: WallClock { WallClock.system.now + wrong }, logger: .silent)
            let listening = AsyncStream<Int>.makeStream()
            let application = node.application { listening.continuation.yield($0) }
            let group = ServiceGroup(
                configuration: .init(services: [application], logger: .silent))
            self.group = group
            running = Task {
                try? await group.run()
                listening.continuation.finish()
            }
            guard let port = await listening.stream.first(where: { _ in true }) else {
                throw LoadFailure(message: "a node in this process does not listen")
            }
            self.port = port
        }

        func stop() async {
            await group.triggerGracefulShutdown()
            await running.value
            await denylist.close()
        }
    }

    extension Logger {
        /// One that says nothing.
        static let silent = Logger(label: "revoked.canary") { _ in SwiftLogNoOpLogHandler() }
    }

    extension RoutePolicy {
        fileprivate var failurePolicy: FailurePolicy {
            switch self {
            case .deny: .deny
            case .allow: .allow
            case .lastKnown(let bound): .lastKnown(for: .nanoseconds(bound))
            }
        }
    }
#endif
