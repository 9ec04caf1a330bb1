#if os(Linux)
    import Foundation
    import Glibc
    import Processes

    /// Daemon, links and nodes, each of which can be ended and started again where it was.
    actor ChaosSite {
        static let endTime: Duration = .seconds(10)
        private static let copyAttempts = 5

        nonisolated let links: [FaultyLink]
        /// Where the daemon's data is; nil if there can be none.
        nonisolated let disk: SmallDisk?
        nonisolated let profiles: [NodeProfile]
        nonisolated let daemonPort: Int
        /// An empty store with an epoch of its own.
        nonisolated let otherStore: Int
        /// From the command line and the library to the store.
        private nonisolated let side: FaultyLink
        nonisolated let keySet: KeySetServer?
        private nonisolated let clocks: [Fault.Target: MovedClock]
        private let stage: NodeStage
        private var processes: [Fault.Target: ChildProcess]
        private var copies = 0

        nonisolated var nodeCount: Int { links.count }
        nonisolated var movesClocks: Bool { !clocks.isEmpty }
        nonisolated var allLinks: [FaultyLink] { links + [side] }
        /// Where the command line finds the store.
        nonisolated var sideBackend: String { "redis://127.0.0.1:\(side.port)" }
        nonisolated var means: Fault.Means {
            Fault.Means(
                smallDisk: disk != nil, scarceDisk: disk != nil, movedClocks: movesClocks, keySet: keySet != nil,
                otherStore: true,
                olderCopy: true, restartsOnWrongClock: movesClocks)
        }

        /// Starts all of it.
        /// - Parameter disk: around the daemon's data.
        /// - Parameter skipped: told what cannot be done here, and why.
        init(
            _ stage: NodeStage, nodes: Int, disk: SmallDisk?, keySet: KeySetServer?, movesClocks: Bool,
            skipped: (String) -> Void
        ) async throws {
            self.stage = stage
            self.disk = disk
            self.keySet = keySet
            let targets = [.daemon] + (0..<nodes).map(Fault.Target.node)
            var clocks: [Fault.Target: MovedClock] = [:]
            if movesClocks {
                for (number, target) in targets.enumerated() {
                    clocks[target] = try MovedClock(file: "\(stage.directory)/clock-\(number)")
                }
                if clocks.isEmpty {
                    skipped("no clock is moved: libfaketime is not installed (apt-get install libfaketime)")
                } else if let clock = clocks[.daemon], try await !Self.works(clock, on: stage) {
                    clocks = [:]
                    skipped("no clock is moved: this program does not run under the libfaketime that is installed")
                }
            }
            self.clocks = clocks
            let daemon = try await stage.startDaemon(port: 0, environment: clocks[.daemon]?.environment ?? [:])
            daemonPort = daemon.port
            otherStore = try await stage.startDaemon(port: 0, data: "\(stage.directory)/other").port
            side = try FaultyLink(to: daemon.port)
            processes = [.daemon: daemon.process]
            var links: [FaultyLink] = []
            var profiles: [NodeProfile] = []
            for node in 0..<nodes {
                let link = try FaultyLink(to: daemon.port)
                var profile = NodeProfile.stage(node + 1)
                let started = try await stage.startNode(
                    node + 1, port: 0, backend: "redis://127.0.0.1:\(link.port)", profile: profile,
                    environment: clocks[.node(node)]?.environment ?? [:])
                processes[.node(node)] = started.process
                links.append(link)
                profile.url = started.url
                profiles.append(profile)
            }
            self.links = links
            self.profiles = profiles
        }

        /// Whether a program of ours runs under libfaketime, and gets its arguments.
        private static func works(_ clock: MovedClock, on stage: NodeStage) async throws -> Bool {
            let trial = try stage.start("trial", ["init", "--help"], environment: clock.environment)
            guard try await trial.end(within: endTime) == .exited(0) else { return false }
            return trial.output.contains("revoked init")
        }

        func signal(_ target: Fault.Target, _ signal: Int32) { processes[target]?.signal(signal) }

        /// Ends a process without a warning, paused or not.
        func kill(_ target: Fault.Target) async throws {
            guard let process = processes[target] else { return }
            process.signal(SIGKILL)
            try await process.end(within: Self.endTime)
            if movesClocks { MovedClock.clear(after: process.identifier) }
        }

        /// Starts a process again on the same port and the same data.
        func start(_ target: Fault.Target) async throws {
            let environment = clocks[target]?.environment ?? [:]
            switch target {
            case .daemon:
                processes[target] = try await stage.startDaemon(port: daemonPort, environment: environment).process
            case .node(let node):
                let port = URLComponents(string: profiles[node].url)?.port ?? 0
                processes[target] = try await stage.startNode(
                    node + 1, port: port, backend: "redis://127.0.0.1:\(links[node].port)", profile: profiles[node],
                    environment: environment
                ).process
            case .keySet: preconditionFailure("a key set is no process")
            }
        }

        nonisolated func moveClock(_ target: Fault.Target, by seconds: Int) throws {
            try clocks[target]?.move(by: seconds)
        }

        /// Starts a daemon on a copy of the data directory, epoch and all, which does not come to know what follows.
        func startCopy() async throws -> (process: ChildProcess, port: Int) {
            var failure: any Error = LoadFailure(message: "the data directory cannot be copied")
            // A rewrite may take files away while they are copied, or leave a copy of some of them only.
            for _ in 0..<Self.copyAttempts {
                copies += 1
                let copy = "\(stage.directory)/copy-\(copies)"
                do {
                    try FileManager.default.copyItem(atPath: stage.data, toPath: copy)
                    return try await stage.startDaemon(port: 0, data: copy)
                } catch {
                    failure = error
                }
            }
            throw failure
        }

        /// Ends everything.
        func stop() async {
            for link in allLinks { link.close() }
            await stage.stop()
            if movesClocks { for process in processes.values { MovedClock.clear(after: process.identifier) } }
        }
    }
#endif
