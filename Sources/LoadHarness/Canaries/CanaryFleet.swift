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
            for (number, policy) in policies.enumerated() {
                let link = try FaultyLink(to: store)
                links.append(link)
                // One of them has no store, where that is what is missing.
                let isCutOff = weakness == .hasNoStore && number == 0
                if isCutOff { link.set(.refusing) }
                let node = try await CanaryNode(
                    weakness, number + 1, store: link.port, otherStore: otherStore, policy: policy, keys: keys,
                    stage: stage, issuers: plan.issuers)
                nodes.append(node)
                profiles.append(NodeProfile(url: "http://127.0.0.1:\(node.port)", policy: policy))
            }
            (self.links, self.nodes, self.profiles) = (links, nodes, profiles)
            var configuration = RevocationConfiguration()
            configuration.issuerLabels = stage.labels
            list = try RevocationList("redis://127.0.0.1:\(store)", configuration: configuration)
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

    /// An auth node in this process.
    private final class CanaryNode: Sendable {
        let port: Int
        private let group: ServiceGroup
        private let running: Task<Void, Never>
        private let denylist: WeakenedDenylist

        init(
            _ weakness: Weakness?, _ number: Int, store: Int, otherStore: Int, policy: RoutePolicy, keys: KeyRing,
            stage: NodeStage, issuers: [OtherIssuer]
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
            settings.accessTokenLifetime = .seconds(stage.accessTokenLifetime)
            if !issuers.isEmpty { settings.issuerLabel = stage.labels[settings.issuer] }

            var configuration = RevocationConfiguration()
            configuration.issuerLabels = stage.labels
            denylist = try WeakenedDenylist(
                weakness, url: "redis://127.0.0.1:\(store)", other: "redis://127.0.0.1:\(otherStore)",
                configuration: configuration)
            let wrong: Int64 =
                weakness == .trustsWrongClock ? -100_000 : weakness == .trustsFastClock ? 200_000 : 0
            let trusted = try issuers.map {
                TrustedIssuer(
                    name: $0.name, audience: $0.audience,
                    keys: KeySetCache(try KeySetLocation($0.location), logger: .silent))
            }
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
        fileprivate static let silent = Logger(label: "revoked.canary") { _ in SwiftLogNoOpLogHandler() }
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
