#if os(Linux)
    import CLinux
    import Foundation
    import Glibc
    import Processes
    import Synchronization

    /// Makes faults, one after the other and sometimes two at once, undoes them, and waits until the nodes have
    /// recovered.
    actor ChaosMaker {
        /// One fault, in nanoseconds of the harness' clock.
        struct Record: Sendable {
            let fault: Fault
            let start: Int64
            /// When it was undone, or the process was started again.
            var undone: Int64?
            /// When all affected nodes had given a right answer to something that was asked for after that.
            var recovered: Int64?
        }

        private struct Choice {
            let fault: Fault
            let duration: Duration
        }

        /// How long nodes may take to recover until they are given up.
        private static let patience: Duration = .seconds(30)

        /// A key set stalls for no less: some stalls are longer than a node waits for it.
        private static let leastStall: Duration = .seconds(4)

        /// The time for log-ins before the first fault.
        private static let start: Duration = .seconds(2)

        private let site: ChaosSite
        private let control: NodeLoadControl
        private let tell: @Sendable (String) -> Void
        private var random: Random
        private var busy: Set<Fault.Target> = []
        private(set) var records: [Record] = []

        init(
            _ site: ChaosSite, control: NodeLoadControl, seed: UInt64, tell: @escaping @Sendable (String) -> Void
        ) {
            self.site = site
            self.control = control
            self.tell = tell
            random = Random(seed: seed)
        }

        /// Makes faults until the time is up, and undoes the last.
        /// - Throws: if a process did not come back.
        func run(for duration: Duration) async throws {
            let start = ContinuousClock.now
            try await Task.sleep(for: Self.start)
            while ContinuousClock.now - start < duration, !control.isStopped {
                let first = choose()
                // One fault in four has company.
                let second = random.next(below: 4) == 0 ? choose() : nil
                let gap = Duration.milliseconds(200 + Int64(random.next(below: 1_200)))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await self.make(first) }
                    if let second, parties(second).isDisjoint(with: parties(first)) {
                        group.addTask { try await self.make(second) }
                    }
                    try await group.waitForAll()
                }
                try await Task.sleep(for: gap)
            }
        }

        private func parties(_ choice: Choice) -> Set<Fault.Target> { choice.fault.parties(nodes: site.nodeCount) }

        /// All random choices are made here, in order: the same seed makes the same faults.
        private func choose() -> Choice {
            Choice(
                fault: .random(&random, nodes: site.nodeCount, site.means),
                duration: .milliseconds(50 + Int64(random.next(below: 2_500))))
        }

        private func make(_ choice: Choice) async throws {
            let fault = choice.fault
            let start = clinux_time()
            let index = records.count
            records.append(Record(fault: fault, start: start))
            tell("\(fault.kind) · \(fault.target)")
            let excused = fault.excused(nodes: site.nodeCount)
            // The command line has a way of its own: it suffers with the daemon.
            let disturbed = excused.count == site.nodeCount ? excused + [site.nodeCount] : excused
            control.disturb(disturbed)
            let undone = try await carryOut(fault, for: choice.duration)
            records[index].undone = undone
            records[index].recovered = await recovery(of: fault, since: undone)
            control.calm(disturbed, at: clinux_time())
        }

        /// - Returns: when it was undone.
        private func carryOut(_ fault: Fault, for duration: Duration) async throws -> Int64 {
            switch fault {
            case .kill(let target):
                try await site.kill(target)
                try await Task.sleep(for: duration / 4)
                return try await restart(target)
            case .pause(let target):
                await site.signal(target, SIGSTOP)
                try await Task.sleep(for: duration)
                await site.signal(target, SIGCONT)
            case .partition(let node, let condition):
                site.links[node].set(condition)
                try await Task.sleep(for: duration)
                site.links[node].set(.open)
            case .partitionAll(let condition):
                for link in site.links { link.set(condition) }
                try await Task.sleep(for: duration)
                for link in site.links { link.set(.open) }
            case .cut(let node, let cut): site.links[node].cut(cut)
            case .cutLane(let node, let lane):
                site.links[node].redirect(lane, to: nil)
                try await Task.sleep(for: duration)
                site.links[node].endRedirection()
            case .otherStore(let node, let lane):
                site.links[node].redirect(lane, to: site.otherStore)
                try await Task.sleep(for: duration)
                site.links[node].endRedirection()
            case .otherStoreForAll: try await lead(to: site.otherStore, for: duration)
            case .olderCopy:
                let copy = try await site.startCopy()
                try await lead(to: copy.port, for: duration)
                await copy.process.stop()
            case .fullDisk, .nearlyFullDisk, .killOnFullDisk: return try await fillDisk(fault, for: duration)
            case .restartOnWrongClock(let seconds):
                try await site.kill(.daemon)
                try site.moveClock(.daemon, by: seconds)
                _ = try await restart(.daemon)
                try await Task.sleep(for: duration)
                try await site.kill(.daemon)
                try site.moveClock(.daemon, by: 0)
                return try await restart(.daemon)
            case .stalledKeySet: try await stallKeySet(fault, for: duration)
            case .moveClock(let target, let seconds):
                try site.moveClock(target, by: seconds)
                try await Task.sleep(for: duration + .seconds(1))
                try site.moveClock(target, by: 0)
            }
            return clinux_time()
        }

        /// - Returns: when there was room again.
        private func fillDisk(_ fault: Fault, for duration: Duration) async throws -> Int64 {
            try site.disk?.fill()
            switch fault {
            case .killOnFullDisk:
                try await Task.sleep(for: duration / 2)
                try await site.kill(.daemon)
                try site.disk?.free()
                return try await restart(.daemon)
            case .nearlyFullDisk:
                try await Task.sleep(for: duration)
                try site.disk?.free(only: SmallDisk.scarce)
                // The rest is freed only after writes are accepted again.
                let freed = clinux_time()
                guard await recovery(of: fault, since: freed) != nil else { throw NotRecovered(fault: fault) }
                try site.disk?.free()
                return freed
            default:
                try await Task.sleep(for: duration)
                try site.disk?.free()
                return clinux_time()
            }
        }

        private func stallKeySet(_ fault: Fault, for duration: Duration) async throws {
            // Every node has the keys, and can continue with them.
            guard await recovery(of: fault, since: clinux_time()) != nil else { throw NotRecovered(fault: fault) }
            site.keySet?.stall(true)
            control.keySetStalls(true, at: clinux_time())
            try await Task.sleep(for: duration + Self.leastStall)
            control.keySetStalls(false, at: clinux_time())
            site.keySet?.stall(false)
        }

        /// - Returns: when it was started, not when it had started: its start is part of the recovery.
        private func restart(_ target: Fault.Target) async throws -> Int64 {
            let start = clinux_time()
            try await site.start(target)
            return start
        }

        private func lead(to port: Int, for duration: Duration) async throws {
            for link in site.allLinks { link.redirect(.all, to: port) }
            try await Task.sleep(for: duration)
            for link in site.allLinks { link.endRedirection() }
        }

        /// Nodes that have not come back, although what was done to them is over.
        private struct NotRecovered: Error, CustomStringConvertible {
            let fault: Fault
            var description: String { "no recovery: \(fault.group)" }
        }

        private func recovery(of fault: Fault, since: Int64) async -> Int64? {
            let nodes = fault.affected(nodes: site.nodeCount)
            let times = Mutex<[Int64]>([])
            for node in nodes {
                control.await(fault.proofOfRecovery, of: node, since: since) { time in
                    times.withLock { $0.append(time) }
                }
            }
            let deadline = ContinuousClock.now + Self.patience
            while ContinuousClock.now < deadline {
                let known = times.withLock { $0 }
                if known.count == nodes.count { return known.max() }
                if control.isStopped { break }
                try? await Task.sleep(for: .milliseconds(5))
            }
            return nil
        }
    }

    extension Fault {
        /// With a full disk checks go on: it is over when a revocation is acknowledged. Before and after a stalled key
        /// set every node has the keys.
        fileprivate var proofOfRecovery: NodeLoadControl.Proof {
            switch self {
            case .fullDisk, .nearlyFullDisk, .killOnFullDisk, .cutLane, .otherStore, .otherStoreForAll, .olderCopy:
                .revocation
            case .stalledKeySet: .servedKeys
            default: .acceptance
            }
        }
    }
#endif
