#if os(Linux)
    import CLinux
    import Foundation
    import Glibc
    import RevocationHTTP

    /// The load on nodes: one thread, epoll, many users. This thread owns everything in it, and all times are from its
    /// one clock. So it is known exactly what was received before something was sent.
    final class NodeLoad {
        private static let eventsAtOnce = 128
        private static let readSize = 1 << 16
        /// The longest wait for an answer. It is longer than any pause of a node, because until its process is gone, it
        /// may still carry out a request.
        private static let patience: Int64 = 60_000_000_000
        private static let niceness: Int32 = -10
        private static let upkeepInterval: Int64 = 10_000_000
        /// How long revocations that got no answer are asked for again at the end, and how long all revoked tokens.
        private static let settlingTime: Int64 = 60_000_000_000
        private static let auditTime: Int64 = 120_000_000_000
        /// How long a token must still live to be asked for at the end; in nanoseconds.
        private static let leastLifeOfAudited: Int64 = 5_000_000_000
        /// How long a node may look for an unknown key, in nanoseconds: one attempt, and the rest of a request.
        static let longestLookForKey = (KeySetCache.fetchDeadline + .seconds(2)).inNanoseconds
        /// What a node says that has no keys of a token's issuer.
        static let lackOfKeys = "keys of the token's issuer"

        /// What it ends with.
        struct Result: Sendable {
            /// On the harness' clock.
            var began: Int64 = 0
            var seconds = 0.0
            var tally = Tally()
            /// What has to have been judged.
            var rulesToJudge: Set<Rule> = []
            var figures = NodeFigures()
            var lateProbes = LateProbes()
            var processorSeconds = 0.0
            /// What was asked for once more at the end.
            var audit = NodeAudit.Outcome()
            /// What the store is to be asked for directly.
            var revoked: [RevokedToken] = []
        }

        /// What the load is about.
        enum Phase {
            /// Users do what they do.
            case running
            /// What was not acknowledged is asked for again.
            case settling
            /// Every node is asked for every revoked token.
            case auditing
        }

        let plan: NodeLoadPlan
        let control: NodeLoadControl
        let clients: [String: ClientCredentials]
        var random: Random
        var oracle: Oracle
        let issuer: IssuerRecord
        let guests: [GuestIssuer]
        /// The issuers whose keys a server publishes.
        let servedIssuers: Set<String>
        let sideTasks: SideTasks
        var sideOperations: [Int: (operation: NodeOperation, sentAt: Int64)] = [:]
        var sideNumber = 0
        var firstTrials: FirstTrials
        private var withdrawn: (key: KeyRecord, noticedAt: Int64)?
        var sideAt: Int64 = 0
        private(set) var users: [SimulatedUser] = []
        var revoked = RevokedTokens()
        var retries = RevocationRetries()
        var sideRetries = RevocationRetries()
        var figures = NodeFigures()
        let recorder: LoadRecorder
        var prober: NodeProber
        var probed: SimulatedUser.Device?
        /// Refresh tokens that were presented this moment, and are to be presented a second time at once.
        var races: [(device: SimulatedUser.Device, token: TokenRecord)] = []
        private(set) var phase = Phase.running
        var audit: NodeAudit?
        private(set) var began: Int64 = 0
        /// Unix time minus the harness' clock, in nanoseconds.
        let wallOffset: Int64

        private let epoll: Int32
        private(set) var connections: [NodeConnection] = []
        private var idle: [Int] = []
        private var nextIntended = 0.0
        private var endsAt = Int64.max
        private var isEnding = false
        /// On connections.
        private var underWay = 0
        private var upkeepAt: Int64 = 0

        init(_ plan: NodeLoadPlan, control: NodeLoadControl, recorder: LoadRecorder) throws(LoadFailure) {
            self.plan = plan
            self.control = control
            clients = Dictionary(
                uniqueKeysWithValues: plan.clients.map { ($0, ClientCredentials(identifier: $0, secret: $1)) })
            random = Random(seed: plan.seed)
            firstTrials = FirstTrials(plan.rulesToJudge)
            oracle = Oracle(
                expiryBand: plan.expiryBand.inNanoseconds, storeLead: plan.storeClock.ahead,
                rotationGrace: plan.rotationGrace.inNanoseconds)
            self.recorder = recorder
            prober = NodeProber(perSecond: plan.probes, nodes: plan.nodes.count)
            epoll = clinux_epoll_create()
            guard epoll >= 0 else { throw LoadFailure.system("epoll_create1") }
            wallOffset = Int64(Date().timeIntervalSince1970 * 1e9) - clinux_time()
            let issuer = IssuerRecord(label: plan.label)
            self.issuer = issuer
            users = (0..<plan.users).map {
                SimulatedUser(name: plan.name(of: $0), devices: plan.devices, issuer: issuer)
            }
            guests = plan.issuers.map {
                GuestIssuer(
                    $0, users: plan.guests, devices: plan.devices, clients: plan.clients.keys.sorted(),
                    storeClock: plan.storeClock)
            }
            servedIssuers = Set(plan.issuers.filter(\.servesKeys).map(\.name))
            sideTasks = try SideTasks()
            guard
                clinux_epoll_control(epoll, clinux_add, sideTasks.descriptor, UInt32(CLINUX_READABLE), UInt64.max) == 0
            else { throw LoadFailure.system("epoll_ctl") }
            for node in plan.nodes.indices {
                let address = try NodeAddress(plan.nodes[node].url)
                let count = plan.connections + (plan.probes > 0 ? plan.probeConnections : 0)
                for index in 0..<count {
                    connections.append(
                        NodeConnection(node: node, address: address, isProbe: index >= plan.connections))
                }
            }
        }

        deinit { close(epoll) }

        /// `exp` on the harness' clock.
        func expiry(of text: TokenText) -> Int64 { text.expiresAt * 1_000_000_000 - wallOffset }

        func seconds(at time: Int64) -> Double { Double(time - began) / 1e9 }

        // MARK: Running

        /// Runs to the plan's end, has everything acknowledged that was not, and asks for every revoked token once
        /// more.
        func run() -> Result {
            let events = UnsafeMutablePointer<clinux_event>.allocate(capacity: Self.eventsAtOnce)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.readSize, alignment: 64)
            defer {
                events.deallocate()
                buffer.deallocate()
            }
            // Other threads must not delay this one, if that is allowed: the prober has to ask every 2 ms.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
            let processorTime = clinux_thread_time()
            began = clinux_time()
            if case .after(let duration) = plan.end { endsAt = began + duration.inNanoseconds }
            while !(isEnding && isQuiet) { step(events, buffer) }
            var result = Result()
            result.began = began
            result.seconds = seconds(at: clinux_time())
            result.processorSeconds = Double(clinux_thread_time() - processorTime) / 1e9
            // Unavailability is judged by then: what comes now is asked for until it is answered.
            result.figures.availability = figures.availability
            settle { step(events, buffer) }
            askAgain { step(events, buffer) }
            let availability = result.figures.availability
            result.figures = figures
            result.figures.availability = availability
            result.audit = audit?.outcome ?? .init()
            result.revoked = revokedTokens()
            result.tally = oracle.tally
            if !control.isStopped { result.rulesToJudge = plan.rulesToJudge }
            result.lateProbes = prober.late
            return result
        }

        /// Whether nothing waits for an answer.
        private var isQuiet: Bool { underWay == 0 && sideOperations.isEmpty }

        private func step(_ events: UnsafeMutablePointer<clinux_event>, _ buffer: UnsafeMutableRawBufferPointer) {
            var now = clinux_time()
            if now >= upkeepAt { keepUp(now) }
            if !isEnding {
                startDue(now)
                if phase == .running { runProbe(now) }
                runSide(now)
            }
            // In nanoseconds. A whole millisecond would be the prober's interval once more.
            let wait: Int64 = prober.isActive ? 200_000 : plan.rate != nil ? 1_000_000 : 10_000_000
            let ready = clinux_epoll_wait_for(epoll, events, Int32(Self.eventsAtOnce), wait)
            for event in 0..<Int(max(0, ready)) {
                guard events[event].value != UInt64.max else {
                    takeSideResults()
                    continue
                }
                let index = Int(events[event].value)
                // An earlier event of this batch may have closed it.
                guard connections[index].isConnected else { continue }
                switch connections[index].receive(buffer) {
                case .nothing: continue
                case .lost(let cause): lose(index, cause)
                case .answer(let answer):
                    now = clinux_time()
                    finish(index, .http(answer), at: now)
                    if answer.closes { connections[index].disconnect() }
                    if !connections[index].isProbe, connections[index].isIdle { idle.append(index) }
                }
                if !isEnding { startDue(clinux_time()) }
            }
        }

        /// Has every revocation acknowledged that was not: what still is not then is a failure.
        private func settle(step: () -> Void) {
            guard !control.isStopped else { return }
            gatherUnsettled()
            begin(.settling, until: clinux_time() + Self.settlingTime)
            while !(retries.isEmpty && sideRetries.isEmpty && isQuiet || isEnding && isQuiet) { step() }
            figures.neverAcknowledged = retries.count + sideRetries.count
        }

        /// Asks every node for every revoked token that has not expired.
        private func askAgain(step: () -> Void) {
            let now = clinux_time()
            let tokens = revoked.all.filter {
                $0.kind == .access && $0.expiresAt - now > Self.leastLifeOfAudited && $0.revokedFrom < now
            }
            guard !control.isStopped, !tokens.isEmpty else { return }
            audit = NodeAudit(tokens, nodes: plan.nodes.count)
            begin(.auditing, until: now + Self.auditTime)
            while !(audit?.isDone == true || isEnding) || !isQuiet { step() }
        }

        private func begin(_ phase: Phase, until end: Int64) {
            self.phase = phase
            (isEnding, endsAt) = (false, end)
            rest()
        }

        /// What the store should hold.
        private func revokedTokens() -> [RevokedToken] {
            let now = clinux_time()
            return revoked.all.filter { $0.expiresAt - now > Self.leastLifeOfAudited }.map { RevokedToken($0) }
        }

        /// What need not be looked at for every answer.
        private func keepUp(_ now: Int64) {
            upkeepAt = now + Self.upkeepInterval
            let hasEnough =
                if case .answers(let count) = plan.end, phase == .running { oracle.tally.judged >= count } else {
                    false
                }
            if now >= endsAt || hasEnough || control.isStopped { isEnding = true }
            for index in connections.indices {
                let connection = connections[index]
                if connection.operation != nil, now - connection.sentAt > Self.patience {
                    lose(index, "no answer for \(Self.patience / 1_000_000_000) s")
                }
                guard !isEnding, connection.connect(at: now) else { continue }
                guard
                    clinux_epoll_control(
                        epoll, clinux_add, connection.descriptor, UInt32(CLINUX_READABLE), UInt64(index)) == 0
                else {
                    connection.disconnect()
                    continue
                }
                if !connection.isProbe { idle.append(index) }
            }
            if phase == .settling { rest() }
            withdrawKey(now)
        }

        /// Has an issuer withdraw a key when that is due, and all nodes have noticed when they must.
        private func withdrawKey(_ now: Int64) {
            if let withdrawn, withdrawn.key.withdrawal.revocation == nil, now >= withdrawn.noticedAt {
                withdrawn.key.withdrawal.end(.acknowledged, by: -1, at: now)
            }
            guard let withdrawal = plan.withdrawal, withdrawn == nil, let guest = guests.first,
                now - began >= withdrawal.after.inNanoseconds
            else { return }
            let key = guest.record.key(guest.key.identifier)
            key.withdrawal.sent(at: now)
            withdrawn = (key, now + withdrawal.bound.inNanoseconds)
            let left = guest.setup.keys.filter { $0.identifier != guest.key.identifier }
            guest.changeKey()
            withdrawal.publish(left)
        }

        /// Finds the connections that have nothing to do.
        private func rest() {
            idle = connections.indices.filter { !connections[$0].isProbe && connections[$0].isIdle }
        }

        // MARK: Sending

        /// Starts whatever is due on connections that are free: everything in a closed loop.
        private func startDue(_ now: Int64) {
            while !idle.isEmpty {
                var intendedAt = now
                if let rate = plan.rate, phase == .running {
                    intendedAt = began + Int64(nextIntended / rate * 1e9)
                    guard intendedAt <= now else { return }
                    nextIntended += 1
                }
                let place = Int(random.next(below: UInt64(idle.count)))
                idle.swapAt(place, idle.count - 1)
                let index = idle.removeLast()
                guard connections[index].isIdle, let choice = choose(for: connections[index].node, clinux_time())
                else { continue }
                start(index, choice, intendedAt: intendedAt)
            }
        }

        /// What is to be sent to a node; nil for nothing now.
        private func choose(for node: Int, _ now: Int64) -> Choice? {
            switch phase {
            case .running: chooseOperation(now)
            case .settling: retries.take(at: now).map { .revoke($0) }
            case .auditing: audit?.take(for: node).map { .check($0, .me) }
            }
        }

        /// Sends what was chosen.
        func start(_ index: Int, _ choice: Choice, intendedAt: Int64) {
            let connection = connections[index]
            let bytes = request(choice, on: connection)
            let sentAt = clinux_time()
            let operation = begin(choice, to: connection.node, at: sentAt)
            connection.begin(operation, intendedAt: plan.rate == nil ? sentAt : intendedAt, sentAt: sentAt)
            underWay += 1
            if !connection.send(bytes) { lose(index, "connection lost") }
        }

        /// The connection is gone, and with it the answer to what was under way.
        private func lose(_ index: Int, _ cause: String) {
            connections[index].disconnect()
            guard connections[index].operation != nil else { return }
            finish(index, .lost(cause), at: clinux_time())
        }

        private func finish(_ index: Int, _ outcome: Outcome, at now: Int64) {
            let connection = connections[index]
            guard let operation = connection.finish() else { return }
            underWay -= 1
            let sent = Sent(
                to: connection.node, at: connection.sentAt, intendedAt: connection.intendedAt,
                isProbe: connection.isProbe)
            conclude(operation, outcome, sent, at: now)
        }

        /// Has an operation judged, and counts it.
        func conclude(_ operation: NodeOperation, _ outcome: Outcome, _ sent: Sent, at now: Int64) {
            let name = operation.kind.name
            let isAnswered = answered(operation, outcome, sent, at: now)
            figures.count(
                name, isAnswered: isAnswered,
                isExcused: !isAnswered
                    && (control.wasDisturbed(sent.node, since: sent.at) || operation.showsWithdrawnKey))
            if isAnswered {
                recorder.record(name, latency: now - sent.intendedAt, at: seconds(at: now))
            } else {
                recorder.recordError(name, at: seconds(at: now))
            }
        }

        /// A connection of the prober's that is free.
        func idleProbe(of node: Int) -> Int? {
            connections.indices.first {
                connections[$0].isProbe && connections[$0].node == node && connections[$0].isIdle
            }
        }
    }
#endif
