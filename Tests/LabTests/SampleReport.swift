import Foundation

@testable import Lab

/// A report with everything in it that a report can have.
enum SampleReport {
    /// Nothing was measured yet.
    static var empty: LoadReport {
        LoadReport(
            title: "revoked-lab load chaos", date: Date(timeIntervalSince1970: 1_763_800_000),
            machine: BenchReport.Machine(processor: "AMD EPYC", processors: 2, system: "Linux 6.18"),
            isDebugBuild: false)
    }

    static func made(seconds: Int = 60) -> LoadReport {
        var report = empty
        report.seed = 42
        report.settings = [.init("nodes", "3"), .init("users", "2000")]
        report.seconds = Double(seconds)
        report.facts = [.init("violations", "3 of 1,000,000 answers"), .init("unavailable: store down", "812")]
        report.faults = [
            .init(kind: "kill -9", target: "daemon", start: 12.2, end: 13.4),
            .init(kind: "pause", target: "node 2", start: 30, end: 34.5),
            .init(kind: "disk full", target: "daemon", start: 48.7, end: nil),
        ]
        report.failures = ["3 violations: a 200 to a check that was sent after the acknowledgement"]
        report.warnings = ["the load generator had no time left: it, not the server, was the limit"]
        let recorder = LoadRecorder()
        var random = Random(seed: 7)
        for second in 0..<seconds {
            let isDown = second == 12 || second == 31
            for number in 0..<(isDown ? 0 : 2000 + Int(random.next(below: 300))) {
                let spread = Double(random.next(below: 1_000_000) + 1) / 1e6
                let slow = second % 13 == 0 ? 6.0 : 1
                let nanoseconds = Int64(slow * 90_000 / pow(spread, 0.55))
                let name = number % 10 == 0 ? "POST /logout" : "GET /me"
                recorder.record(
                    name, latency: number % 10 == 0 ? nanoseconds * 5 : nanoseconds,
                    at: Double(second) + Double(number) / 2500)
            }
            if isDown { for _ in 0..<400 { recorder.recordError("GET /me", at: Double(second) + 0.5) } }
        }
        recorder.recordError("GET /me", at: 45)
        for _ in 0..<3 { recorder.recordViolation(at: 14.2) }
        recorder.fill(&report)
        return report
    }
}
