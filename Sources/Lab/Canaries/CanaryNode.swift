#if os(Linux)
    import AuthNode
    import Foundation
    import Hummingbird
    import Logging
    import Revocation
    import RevocationHTTP
    import ServiceLifecycle

    /// An auth node in this process.
    final class CanaryNode: Sendable {
        /// What it is to be like.
        struct Setup {
            let weakness: Weakness?
            /// From 1.
            let number: Int
            var port = 0
            let store: Int
            let otherStore: Int
            let policy: RoutePolicy
            var oddity: RuleCanary.Oddity?
            var stateFile: String?
            let keys: KeyRing
            let stage: NodeStage
            let issuers: [OtherIssuer]
            let keySets: CanaryKeySets
            let clock: CanaryClock
        }

        let port: Int
        private let group: ServiceGroup
        private let running: Task<Void, Never>
        private let denylist: WeakenedDenylist

        init(_ setup: Setup) async throws {
            let weakness = setup.weakness
            let settings = Self.settings(setup)
            let denylist = try WeakenedDenylist(
                weakness, url: "redis://127.0.0.1:\(setup.store)", other: "redis://127.0.0.1:\(setup.otherStore)",
                configuration: Self.configuration(setup, settings))
            self.denylist = denylist
            // The first node writes the denylist's terms before anyone else does, however busy the machine is. One that
            // has no store comes without, and so may one whose terms differ.
            let attempts = setup.number == 1 && weakness != .hasNoStore ? 20 : 1
            for _ in 0..<attempts where (try? await denylist.prepare()) != nil { break }
            let (clock, ahead) = (setup.clock, setup.oddity?.ahead ?? 0)
            // A clock that is behind takes fresh tokens for some from the future: so nodes go by the store's.
            let judgesByStore = ahead < 0 && weakness != .trustsOwnClock
            let node = try Node(
                settings, keys: setup.keys, accounts: Accounts(contentsOf: setup.stage.accounts),
                clients: ClientFile(setup.stage.clients).load(),
                issuers: setup.issuers.map { setup.keySets.trusted($0, weakness) }, denylist: denylist,
                clock: WallClock { judgesByStore ? denylist.estimatedTime : clock.wall + ahead }, logger: .silent,
                omitting: weakness?.omittedOfNode)
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

        private static func settings(_ setup: Setup) -> NodeConfiguration {
            let stage = setup.stage
            var settings = NodeConfiguration()
            settings.port = setup.port
            (settings.keys, settings.users) = ("shared", stage.accounts)
            settings.loginAttempts = 0
            settings.sessionRefreshes = 0
            settings.client = stage.client(setup.number)
            settings.rotationGrace = .zero
            settings.adminSecret = stage.secret
            settings.failurePolicy = setup.policy.failurePolicy
            settings.stateFile = setup.stateFile
            settings.accessTokenLifetime = .seconds(stage.accessTokenLifetime)
            if !setup.issuers.isEmpty { settings.issuerLabel = stage.labels[settings.issuer] }
            if setup.oddity == .otherLabel { settings.issuerLabel = "elsewhere" }
            return settings
        }

        private static func configuration(_ setup: Setup, _ settings: NodeConfiguration) -> RevocationConfiguration {
            let clock = setup.clock
            var leads = setup.stage.leads
            if setup.oddity == .olderTerms { leads = leads.mapValues { _ in .zero } }
            var configuration = settings.denylistConfiguration(
                others: setup.issuers.map { .init($0.name, label: $0.name) }, leads: leads)
            if setup.oddity == .shorterLifetimes { configuration.longestRefreshLifetime = .seconds(1) }
            configuration.bootClock = { clock.boot }
            let ignoresSkew = setup.weakness == .ignoresSkew || setup.weakness == .trustsOwnClock
            let known = ignoresSkew ? 0 : setup.oddity?.ahead ?? 0
            configuration.wallClock = { clock.wall + known }
            return configuration
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
