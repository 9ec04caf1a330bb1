import CHiredisBaseline
import Foundation

/// Measures what a check adds to a request of an auth node.
///
/// A node that asks the daemon and one that asks its own memory take turns.
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
    }

    package func run() async throws {
        BenchReport.Machine.warnOfDebugBuild()
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "revoked-bench-node-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try MeasuredNode.makeFiles(in: directory)
        let store = try await MeasuredStore.start(.revoked)
        var nodes: [MeasuredNode] = []
        do {
            for backend in ["redis://127.0.0.1:\(store.port)", "memory:"] {
                nodes.append(try await .start(backend: backend, files: directory))
            }
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
        for node in nodes { _ = try measure(node) }
        let figures = try (0..<rounds).map { _ in try nodes.map { try measure($0) } }
        print("| GET /me | node's CPU µs per request | per second, 32 connections | p50 µs, 1 connection |")
        print("|---|---:|---:|---:|")
        for (index, name) in ["the daemon is asked", "its own memory is asked"].enumerated() {
            line(name, figures.map { $0[index] })
        }
        line(
            "the check adds",
            figures.map {
                Figures(
                    microseconds: $0[0].microseconds - $0[1].microseconds,
                    perSecond: $0[0].perSecond - $0[1].perSecond, median: $0[0].median - $0[1].median)
            })
    }

    private func line(_ name: String, _ figures: [Figures]) {
        let values = [
            figures.map(\.microseconds).median, figures.map(\.perSecond).median, figures.map(\.median).median,
        ]
        print("| \(name) | " + values.map { String(format: "%.1f", $0) }.joined(separator: " | ") + " |")
    }

    private func measure(_ node: MeasuredNode) throws -> Figures {
        var count = 0
        var times = [Double](repeating: 0, count: 200_000)
        let start = node.processorNanoseconds
        guard baseline_http_run(node.port, node.request, 32, seconds, &count, nil, 0) == 0, count > 0 else {
            throw LoadFailure(message: "a request was not answered with 200")
        }
        let spent = (node.processorNanoseconds - start) / Double(count)
        let perSecond = Double(count) / seconds
        guard baseline_http_run(node.port, node.request, 1, seconds, &count, &times, times.count) == 0, count > 0
        else {
            throw LoadFailure(message: "a request was not answered with 200")
        }
        return Figures(
            microseconds: spent / 1_000, perSecond: perSecond,
            median: Array(times.prefix(min(count, times.count))).median * 1e6)
    }
}
