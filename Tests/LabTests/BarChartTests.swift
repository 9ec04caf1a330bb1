import Foundation
import Testing

@testable import Lab

@Suite struct BarChartTests {
    @Test func aSmallOneIsDrawnJustSo() {
        let chart = BarChart(
            title: "Cost", subtitle: "of <two>", unit: "µs",
            groups: [
                .init(
                    name: "1 in flight",
                    bars: [.init(name: "revoked", value: 2, isOurs: true), .init(name: "redis-server", value: 4)])
            ])
        let style = chart.svg.components(separatedBy: "</style>\n")
        #expect(style[0].hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 136\" width=\"720\""))
        #expect(style[0].contains("prefers-color-scheme: dark"))
        #expect(
            style.last == """
                <rect class="ground" x="0.5" y="0.5" width="719" height="135" rx="8"/>
                <text class="title" x="20" y="32">Cost</text>
                <text class="subtitle" x="20" y="52">of &lt;two&gt;</text>
                <text class="group" x="112" y="101">1 in flight</text>
                <text class="name" x="216" y="89.5">revoked</text>
                <rect class="bar ours" x="224" y="76" width="203" height="18" rx="2"/>
                <text class="figure" x="434" y="89.5">2.00 µs</text>
                <text class="name" x="216" y="112.5">redis-server</text>
                <rect class="bar" x="224" y="99" width="406" height="18" rx="2"/>
                <text class="figure" x="637" y="112.5">4.00 µs</text>
                </svg>

                """)
    }

    @Test func aReportOfRequestsAndOneOfMemoryAreDrawnFromTheirFiles() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "revoked-test-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var (requests, memory) = (report, report)
        requests.comparisons = [1, 16].map { depth in
            Comparison(
                .check, inFlight: depth,
                samples: [ServerKind.revoked, .echo, .redis].map { kind in
                    sample(kind, inFlight: depth, serverTime: kind == .redis ? 8 : 3.25)
                })
        }
        memory.memory = [(ServerKind.revoked, 33.6), (.valkey, 97.1)].map { kind, bytes in
            let size = MemoryFigures.Size(
                entries: 1_000_000, resident: 1, bytesPerEntry: bytes, usedMemory: 1, serverTimePerInsert: 1)
            return MemoryFigures(server: kind, empty: 0, idleConnections: 1, bytesPerIdleConnection: 0, sizes: [size])
        }
        let files = ["\(directory)/requests.json", "\(directory)/memory.json"]
        try requests.write(to: files[0])
        try memory.write(to: files[1])

        try BenchReport.writeCharts(files.map { try BenchReport(json: $0) }, into: "\(directory)/charts")
        let cost = try String(contentsOfFile: "\(directory)/charts/server-cpu.svg", encoding: .utf8)
        for part in ["MGET of 4, a full check", "16 in flight", "3.25 µs", "8.00 µs", "redis-server 7.0.15"] {
            #expect(cost.contains(part), "no \(part)")
        }
        #expect(!cost.contains("echo"))
        let bytes = try String(contentsOfFile: "\(directory)/charts/bytes-per-token.svg", encoding: .utf8)
        for part in ["1,000,000", "33.6 bytes", "97.1 bytes", "valkey-server"] {
            #expect(bytes.contains(part), "no \(part)")
        }
        #expect(throws: BenchReport.NoFigures.self) { try BenchReport.writeCharts([report], into: directory) }
    }

    private func sample(_ server: ServerKind, inFlight: Int, serverTime: Double) -> BenchReport.Sample {
        BenchReport.Sample(
            server: server, workload: .check, inFlight: inFlight, alternation: 0, requests: 1, seconds: 1,
            serverTime: serverTime, generatorTime: 1, requestsPerSecond: 1, p50: 1, p99: 1, p999: 1,
            isGeneratorLimited: false)
    }

    private var report: BenchReport {
        BenchReport(
            date: Date(timeIntervalSince1970: 1_763_800_000),
            machine: .init(processor: "AMD EPYC", processors: 2, system: "Linux 6.18"), isDebugBuild: false,
            servers: [.init(kind: .revoked, version: "0.1.0"), .init(kind: .redis, version: "7.0.15")], keys: 1,
            connections: 1, alternations: 1)
    }
}
