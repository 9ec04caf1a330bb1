import ArgumentParser

/// What one check or revocation costs.
struct CheckBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Measure checks and revocations by many tasks on one client.",
        discussion: """
            Beside a C program over hiredis that keeps 64 commands in flight, and beside this client with one write for \
            each command; against the daemon that was built beside it and redis-server, which it starts on free ports of \
            127.0.0.1.
            """)

    @Option(parsing: .upToNextOption, help: "The servers: \(StoreKind.names).") var servers = StoreKind.allCases
    @Option(parsing: .upToNextOption, help: "What is done: \(Operation.names).") var operations = Operation.allCases
    @Option(parsing: .upToNextOption, help: "How it is done: \(Mode.names).") var modes = Mode.allCases
    @Option(parsing: .upToNextOption, help: "Concurrent tasks on one client.") var tasks = [1, 64, 512]
    @Option(help: "What the servers do before they acknowledge: \(StoreLog.names).") var log = StoreLog.none
    @Option(help: "How long each measurement takes, in seconds.") var seconds = 0.4
    @Option(help: "How often each is taken; the median counts.") var rounds = 5

    func validate() throws {
        guard seconds > 0, rounds > 0, tasks.allSatisfy({ (1...10_000).contains($0) }) else {
            throw ValidationError("numbers must be above 0, and tasks at most 10000")
        }
    }

    func run() async throws {
        #if DEBUG
            print("WARNING: this is a debug build. What it measures means nothing: build with `-c release`.")
        #endif
        for kind in servers {
            let store = try await BenchStore.start(kind, log: log)
            do {
                let measurement = ClientMeasurement(
                    store: store, operations: operations, modes: modes, tasks: tasks, duration: .seconds(seconds))
                var report = ClientReport()
                for _ in 0..<rounds { report.add(round: try await measurement.round()) }
                print("\n\(kind.rawValue)\n\n\(report.text)")
            } catch {
                await store.stop()
                throw error
            }
            await store.stop()
        }
    }
}

extension Operation: ExpressibleByArgument {
    static var names: String { allCases.map(\.rawValue).joined(separator: " ") }
}

extension Mode: ExpressibleByArgument {
    static var names: String { allCases.map(\.rawValue).joined(separator: " ") }
}

extension StoreLog: ExpressibleByArgument {
    static var names: String { allCases.map(\.rawValue).joined(separator: " ") }
}

extension StoreKind: ExpressibleByArgument {
    static var names: String { allCases.map(\.rawValue).joined(separator: " ") }
}
