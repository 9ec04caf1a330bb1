#if os(Linux)
    import AuthNode
    import Contract
    import Foundation
    import Logging
    import Revocation

    /// Daemons and nodes in this process: so a part of them can be one without a protection.
    actor CanaryFleet {
        /// The denylist is behind it until something else is, and this one is empty.
        nonisolated let otherStore: Int
        /// From each node to the store.
        nonisolated let links: [FaultyLink]
        nonisolated let profiles: [NodeProfile]
        nonisolated let list: RevocationList
        nonisolated let clock = CanaryClock()
        private let weakness: Weakness?
        /// Of the denylist; nil keeps it in memory.
        private let directory: String?
        private var store: CanaryDaemon
        private let other: CanaryDaemon
        private var nodes: [CanaryNode]
        private var setups: [CanaryNode.Setup]

        /// - Parameter weakness: what is left out; nil if nothing is.
        /// - Parameter stage: where the nodes' files are.
        /// - Parameter plan: is told whom the nodes trust.
        init(_ canary: RuleCanary, _ weakness: Weakness?, on stage: NodeStage, plan: inout NodeLoadPlan) async throws {
            let count = 2
            self.weakness = weakness
            try stage.makeFiles(&plan, nodes: count)
            directory = canary.scenario.needsDirectory ? stage.data : nil
            store = try await CanaryDaemon(time: clock.source(ahead: 0), directory: directory)
            other = try await CanaryDaemon(time: clock.source(ahead: 0))
            otherStore = other.port
            let keySets = CanaryKeySets(plan.issuers)
            if let issuer = plan.issuers.first {
                plan.withdrawal = KeyWithdrawal(after: .seconds(1), bound: CanaryKeySets.bound) { keys in
                    keySets.publish(keys, of: issuer.name)
                }
            }
            let keys = try await KeyRing([SigningKey(generating: .es256)])
            var (links, nodes, setups): ([FaultyLink], [CanaryNode], [CanaryNode.Setup]) = ([], [], [])
            for number in 1...count {
                let link = try FaultyLink(to: store.port)
                // One of them has no store, where that is what is missing.
                if weakness == .hasNoStore, number == 1 { link.set(.refusing) }
                var setup = CanaryNode.Setup(
                    weakness: weakness, number: number, store: link.port, otherStore: otherStore, policy: canary.policy,
                    keys: keys, stage: stage, issuers: plan.issuers, keySets: keySets, clock: clock)
                if number == count || canary.oddity == .olderTerms { setup.oddity = canary.oddity }
                if canary.scenario == .restartOntoEmptyStore, weakness != .keepsNoState {
                    setup.stateFile = "\(stage.directory)/canary-\(number).state"
                }
                let node = try await CanaryNode(setup)
                setup.port = node.port
                links.append(link)
                nodes.append(node)
                setups.append(setup)
            }
            if canary.oddity == .olderTerms {
                try await Self.growTerms(to: stage.leads, of: "redis://127.0.0.1:\(store.port)")
            }
            (self.links, self.nodes, self.setups) = (links, nodes, setups)
            profiles = nodes.map { NodeProfile(url: "http://127.0.0.1:\($0.port)", policy: canary.policy) }
            var configuration = CommandLineClient.configuration
            configuration.wallClock = { [clock] in clock.wall }
            configuration.bootClock = { [clock] in clock.boot }
            list = try RevocationList("redis://127.0.0.1:\(store.port)", configuration: configuration)
        }

        func stop() async {
            await list.close()
            for node in nodes { await node.stop() }
            for link in links { link.close() }
            await store.stop()
            await other.stop()
        }

        // MARK: What happens to it

        /// Starts the daemon again where it was.
        /// - Parameter isEmptied: whether another directory has taken the place of its own.
        /// - Parameter ahead: what its wall clock is ahead from then on, in milliseconds.
        func restartStore(isEmptied: Bool = false, ahead: Int64 = 0) async throws {
            await store.stop()
            if isEmptied, let directory { try FileManager.default.removeItem(atPath: directory) }
            store = try await CanaryDaemon(
                port: store.port, time: clock.source(ahead: ahead), directory: directory,
                keepsGuardedTime: weakness != .losesGuardedTime)
        }

        func flushStore() throws { _ = try ControlConnection(port: store.port).call("FLUSHALL") }

        /// Starts the first node again.
        func restartNode() async throws {
            await nodes[0].stop()
            nodes[0] = try await CanaryNode(setups[0])
        }

        /// Has an operator accept the empty store in the place of an epoch that no node holds.
        func acceptOtherStore() async throws {
            let administration = try StoreAdministration("redis://127.0.0.1:\(otherStore)", logger: .silent)
            _ = try await administration.acceptEpoch(replacing: UUID().uuidString.lowercased())
            await administration.close()
        }

        /// Has an operator say that issuers' clocks may be further ahead.
        private static func growTerms(to leads: [String: Duration], of url: String) async throws {
            let administration = try StoreAdministration(url, logger: .silent)
            _ = try await administration.changeTerms { (terms, now) throws(ContractError) in
                var growth = TermsGrowth()
                growth.leads = leads.sorted { $0.key < $1.key }.map { ($0.key, $0.value.inNanoseconds / 1_000_000) }
                return try growth.applied(to: terms, now: now)
            }
            await administration.close()
        }
    }

    extension RuleCanary.Scenario {
        fileprivate var needsDirectory: Bool { self == .emptiedDirectory || self == .restartOnWrongClock }
    }
#endif
