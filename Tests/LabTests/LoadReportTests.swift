import Foundation
import Testing

@testable import Lab

@Suite struct LoadReportTests {
    @Test func jsonHasItAll() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "revoked-test-\(UUID()).json").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var report = SampleReport.made(seconds: 3)
        report.comparisons = [
            .init(title: "both", first: "a", second: "b", figures: [.init(name: "µs", first: [1, 2], second: [2, 2])])
        ]
        try report.write(json: path)
        let read = try LoadReport(json: path)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(try encoder.encode(read) == encoder.encode(report))
        #expect(read.comparisons?.first?.figures.first?.ratios == [0.5, 1])
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("\"date\" : \"2025-11-22T08:26:40Z\""))
    }

    @Test func theTextNamesEverything() {
        let text = SampleReport.made(seconds: 50).text
        for part in [
            "revoked-lab load chaos", "seed 42", "| GET /me ", "| p99.99 µs |", "| kill -9   | daemon |", "not seen",
            "FAILED: 3 violations", "warning: the load generator",
        ] {
            #expect(text.contains(part), "no \(part) in \(text)")
        }
        #expect(!text.contains("Passed"))
        var passed = SampleReport.empty
        passed.isDebugBuild = true
        #expect(passed.text.contains("Passed") && passed.text.contains("DEBUG BUILD"))
    }

    @Test func aComparisonHasTheMedianOfThePairsRatios() {
        let comparison = LoadReport.Comparison(
            title: "both", first: "ours", second: "theirs",
            figures: [.init(name: "CPU µs", first: [1, 30, 3], second: [2, 10, 4])])
        let row = comparison.table.split(separator: "\n").last.map(String.init)
        #expect(row == "| CPU µs | 3.00 |   4.00 | 0.75 | 0.50 3.00 0.75 |")
    }

    @Test func theDisplaySaysHowItGoes() {
        let display = LoadDisplay(LoadRecorder(), end: .after(.seconds(30)), isShown: false)
        let progress = LoadRecorder.Progress(completed: 4_000_000, errors: 2, violations: 1, p50: 110, p99: 2_340)
        #expect(
            display.line(progress, completedBefore: 3_600_000, elapsed: .seconds(12))
                == "12 s · 400,000/s · p50 110 µs · p99 2.34 ms · 1 violations · 2 errors · 18 s left")
        let counted = LoadDisplay(LoadRecorder(), end: .count(5_000_000), isShown: false)
        #expect(counted.line(progress, completedBefore: 0, elapsed: .seconds(8)).hasSuffix(" · 2 s left"))
    }
}
