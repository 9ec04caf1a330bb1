import CHiredisBaseline
import Foundation

/// Measures what a check adds to a request of an auth node.
///
/// A node that asks the daemon, one that looks in its copy of the denylist, and one of its own memory take turns.
package struct NodeBench: Sendable {
    /// How long each measurement takes, in seconds.
    package var seconds = 0.5
    /// How often each is taken; the median counts.
    package var rounds = 7

    package init() {}

    private struct Figures {
        /// Processor time of the node for one request.
        let microseconds: Double
        let perSecond: Double
        /// In microseconds, one request at a time.
        let median: Double

        static func - (one: Figures, other: Figures) -> Figures {
            Figures(
                microseconds: one.microseconds - other.microseconds, perSecond: one.perSecond - other.perSecond,
                median: one.median - other.median)
        }
    }

    package func run() async throws {
        BenchReport.Machine.warnOfDebugBuild()
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "revoked-bench-node-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try MeasuredNode.makeFiles(in: directory)
        // Without a log there are no leases, and no node answers from a copy.
        let store = try await MeasuredStore.start(.revoked, log: .always)
        let backend = "redis://127.0.0.1:\(store.port)"
        var nodes: [MeasuredNode] = []
        do {
            nodes.append(try await .start(backend: backend, files: directory))
            nodes.append(try await .start(backend: backend, files: directory, ["--checks", "local"]))
            nodes.append(try await .start(backend: "memory:", files: directory))
            // Until then the copy is complete, and a lease is held.
            try await Task.sleep(for: .seconds(2))
            try report(nodes)
        } catch {
            for node in nodes { await node.stop() }
            await store.stop()
            throw error
        }
        for node in nodes { await node.stop() }
        await store.stop()
    }

    private func report(_ nodes: [MeasuredNode]) throws {
        let turns = nodes.map { ($0, $0.request) } + [(nodes[1], MeasuredNode.probe)]
        for (node, request) in turns { _ = try measure(node, request) }
        let figures = try (0..<rounds).map { _ in try turns.map { try measure($0.0, $0.1) } }
        print("| request | node's CPU µs per request | per second, 32 connections | p50 µs, 1 connection |")
        print("|---|---:|---:|---:|")
        let names = [
            "GET /me, the daemon is asked", "GET /me, looked up in the node's copy",
            "GET /me, its own memory is asked", "GET /healthz",
        ]
        for (index, name) in names.enumerated() { line(name, figures.map { $0[index] }) }
        for (index, name) in ["asking adds", "looking up in the copy adds"].enumerated() {
            line(name, figures.map { $0[index] - $0[2] })
        }
        let ratio = figures.map { $0[1].microseconds / $0[3].microseconds }.median
        print("\nCPU of GET /me looked up in the copy ÷ GET /healthz: " + String(format: "%.2f", ratio))
    }

    private func line(_ name: String, _ figures: [Figures]) {
        let values = [
            figures.map(\.microseconds).median, figures.map(\.perSecond).median, figures.map(\.median).median,
        ]
        print("| \(name) | " + values.map { String(format: "%.1f", $0) }.joined(separator: " | ") + " |")
    }

    private func measure(_ node: MeasuredNode, _ request: String) throws -> Figures {
        var count = 0
        var times = [Double](repeating: 0, count: 200_000)
        let start = node.processorNanoseconds
        guard baseline_http_run(node.port, request, 32, seconds, &count, nil, 0) == 0, count > 0 else {
            throw LoadFailure(message: "a request was not answered with 200")
        }
        let spent = (node.processorNanoseconds - start) / Double(count)
        let perSecond = Double(count) / seconds
        guard baseline_http_run(node.port, request, 1, seconds, &count, &times, times.count) == 0, count > 0
        else {
            throw LoadFailure(message: "a request was not answered with 200")
        }
        return Figures(
            microseconds: spent / 1_000, perSecond: perSecond,
            median: Array(times.prefix(min(count, times.count))).median * 1e6)
    }
}
