#if os(Linux)
    import CLinux
    import Foundation
    import Glibc
    import Processes
    import Synchronization

    /// Where a measurement takes place: a private directory, the servers that were started, who runs on which
    /// processor.
    final class BenchStage: Sendable {
        static let startTime: Duration = .seconds(30)

        let directory: String
        /// The processor of all servers, which take turns, and that of the generator; nil if they are not kept there.
        let processors: (server: Int, generator: Int)?
        private let processes = Mutex<[ChildProcess]>([])

        init(pins: Bool) throws {
            directory = FileManager.default.temporaryDirectory.path + "/revoked-bench-\(UUID().uuidString.lowercased())"
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            var usable = [Int32](repeating: 0, count: 2)
            let count = clinux_processors(&usable, 2)
            processors = pins && count == 2 ? (Int(usable[0]), Int(usable[1])) : nil
        }

        /// Ends what was started, and removes its files, however the measurement ends.
        static func use(pins: Bool, _ measure: (BenchStage) async throws -> Void) async throws {
            let stage = try BenchStage(pins: pins)
            let result: Result<Void, any Error>
            do { result = .success(try await measure(stage)) } catch { result = .failure(error) }
            await stage.stop()
            stage.removeFiles()
            try result.get()
        }

        /// Starts a program, on the servers' processor.
        func start(_ kind: ServerKind, _ arguments: [String]) throws -> ChildProcess {
            let executable = try executable(of: kind)
            var command = [executable] + arguments
            if let processors {
                guard let taskset = ServerKind.find("taskset") else {
                    throw LoadFailure(message: "taskset is missing: apt-get install util-linux, or give --no-pin")
                }
                command = [taskset, "--cpu-list", "\(processors.server)"] + command
            }
            return try processes.withLock { processes in
                let process = try ChildProcess(
                    kind.rawValue, executable: command[0], arguments: Array(command.dropFirst()),
                    log: "\(directory)/\(kind.rawValue)-\(processes.count).log")
                processes.append(process)
                return process
            }
        }

        private func executable(of kind: ServerKind) throws -> String {
            switch kind {
            case .revoked: return try Programs.installed.revoked()
            case .echo: return try Programs.installed.laboratory()
            case .redis, .valkey, .memcached:
                guard let executable = kind.executable else {
                    throw LoadFailure(message: "\(kind.rawValue) is not installed: apt-get install \(kind.rawValue)")
                }
                return executable
            }
        }

        /// Runs a plan against a server.
        func run(_ plan: LoadPlan, on server: BenchServer) async throws -> LoadResult {
            try await LoadGenerator.run(plan, port: server.tunnel?.port ?? server.port, on: processors?.generator)
        }

        /// Runs checks on one connection, at a fixed rate, of random ones of the entries that were loaded.
        func runChecks(
            on server: BenchServer, perSecond: Int, of entries: Int, for duration: Duration, warmUp: Duration = .zero
        ) async throws -> LoadResult {
            let plan = LoadPlan(
                mix: Workload.existsHit.mix(in: server.dialect, lifetime: BenchConfiguration.lifetime)!,
                pace: .openLoop(requestsPerSecond: Double(perSecond)), connections: 1,
                keys: .random(below: entries), end: .after(duration), warmUp: warmUp,
                server: server.process.identifier)
            return try await run(plan, on: server)
        }

        /// Ends every process that was started.
        func stop() async {
            let processes = processes.withLock { $0 }
            await withTaskGroup { group in
                for process in processes { group.addTask { await process.stop() } }
            }
        }

        /// Raises the limit of open files, which the servers inherit.
        static func allowDescriptors(_ count: Int) throws(LoadFailure) {
            var limit = rlimit()
            let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
            guard getrlimit(files, &limit) == 0 else { throw .system("getrlimit") }
            limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, rlim_t(count)))
            guard limit.rlim_cur >= rlim_t(count), setrlimit(files, &limit) == 0 else {
                throw LoadFailure(message: "this needs \(count) open files: ulimit -n \(count)")
            }
        }

        func removeFiles() { try? FileManager.default.removeItem(atPath: directory) }
    }
#endif
