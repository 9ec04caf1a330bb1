/// Measures checks and revocations by many tasks on one client, beside a C program over hiredis.
package struct ClientBench: Sendable {
    package var servers = StoreKind.allCases
    package var operations = ClientOperation.allCases
    package var modes = ClientMode.allCases
    /// Concurrent tasks on one client: each of these is measured.
    package var tasks = [1, 64, 512]
    /// What the servers do before they acknowledge.
    package var log = StoreLog.none
    /// How long each measurement takes.
    package var duration: Duration = .seconds(0.4)
    /// How often each is taken; the median counts.
    package var rounds = 5

    package init() {}

    /// Starts each server on a free port of 127.0.0.1 and prints a table for it.
    package func run() async throws {
        BenchReport.Machine.warnOfDebugBuild()
        for kind in servers {
            let store = try await MeasuredStore.start(kind, log: log)
            do {
                let measurement = ClientMeasurement(
                    store: store, operations: operations, modes: modes, tasks: tasks, duration: duration)
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
