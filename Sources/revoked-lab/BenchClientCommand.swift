import ArgumentParser
import Lab

/// `revoked-lab bench client`: what one check or revocation costs the process that asks.
struct BenchClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client",
        abstract: "Measure checks and revocations by many tasks on one client.",
        discussion: """
            Beside a C program over hiredis that keeps 64 commands in flight, and beside this client with one write \
            for each command; against our daemon and redis-server, which it starts on free ports of 127.0.0.1.
            """)

    @Option(parsing: .upToNextOption, help: "The servers: \(StoreKind.names).") var servers = StoreKind.allCases
    @Option(parsing: .upToNextOption, help: "What is done: \(ClientOperation.names).")
    var operations = ClientOperation.allCases
    @Option(parsing: .upToNextOption, help: "How it is done: \(ClientMode.names).") var modes = ClientMode.allCases
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
        var bench = ClientBench()
        bench.servers = servers
        bench.operations = operations
        bench.modes = modes
        bench.tasks = tasks
        bench.log = log
        bench.duration = .seconds(seconds)
        bench.rounds = rounds
        try await bench.run()
    }
}

extension CaseIterable where Self: RawRepresentable, RawValue == String {
    /// For the help.
    static var names: String { allCases.map(\.rawValue).joined(separator: " ") }
}

extension ClientOperation: ExpressibleByArgument {}
extension ClientMode: ExpressibleByArgument {}
extension StoreLog: ExpressibleByArgument {}
extension StoreKind: ExpressibleByArgument {}
