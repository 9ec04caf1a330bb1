import Foundation
import Testing

@testable import Lab

@Suite struct LoadRecorderTests {
    private func report(_ recorder: LoadRecorder) -> LoadReport {
        var report = SampleReport.empty
        recorder.fill(&report)
        return report
    }

    @Test func percentilesAreThoseOfTheOperations() throws {
        let recorder = LoadRecorder()
        for microsecond in 1...10_000 { recorder.record("check", latency: Int64(microsecond) * 1000, at: 0.5) }
        recorder.record("revoke", latency: 5_000_000, at: 0.6)
        recorder.recordError("revoke", at: 0.7)
        let operations = report(recorder).operations
        #expect(operations.map(\.name) == ["check", "revoke"])
        #expect(operations.map(\.count) == [10_000, 1])
        #expect(operations.map(\.errors) == [0, 1])
        let latency = try #require(operations.first?.latency)
        // Three digits.
        for (found, right) in [
            (latency.p50, 5_000.0), (latency.p90, 9_000), (latency.p99, 9_900), (latency.p999, 9_990),
            (latency.p9999, 9_999),
        ] {
            #expect(abs(found / right - 1) < 0.001, "\(found) is not \(right)")
        }
        #expect(latency.maximum == 10_000)
        #expect(latency.points.last?.percentile == 100)
        #expect(latency.points.last?.value == 10_000)
        #expect(latency.points.count > 10)
        for (before, after) in zip(latency.points, latency.points.dropFirst()) {
            #expect(before.percentile <= after.percentile && before.value <= after.value)
        }
        #expect(operations[1].latency.maximum == 5_000)
    }

    @Test func theTimeLineHasEverySecondAlsoThoseInWhichNothingEnded() throws {
        let recorder = LoadRecorder()
        recorder.record("check", latency: 2_000_000, at: 0.1)
        recorder.record("check", latency: 4_000_000, at: 0.9)
        recorder.recordViolation(at: 0.95)
        recorder.record("check", latency: 70_000_000, at: 3.01)
        recorder.recordError("check", at: 3.5)
        let seconds = report(recorder).timeLine
        #expect(seconds.map(\.second) == [0, 1, 2, 3])
        #expect(seconds.map(\.completed) == [2, 0, 0, 1])
        #expect(seconds.map(\.errors) == [0, 0, 0, 1])
        #expect(seconds.map(\.violations) == [1, 0, 0, 0])
        #expect(seconds.map(\.maximum) == [4000, 0, 0, 70_000])
        #expect(abs(seconds[0].p50 / 2000 - 1) < 0.01)
    }

    @Test func whatIsHandedOverLateIsCounted() throws {
        let recorder = LoadRecorder()
        for second in 0..<100 { recorder.record("check", latency: 1000, at: Double(second)) }
        recorder.record("check", latency: 9_000_000, at: 5)
        let seconds = report(recorder).timeLine
        #expect(seconds.map(\.completed).reduce(0, +) == 101)
        #expect(seconds[5].completed == 2)
        #expect(seconds[5].maximum == 9000)
    }

    @Test func manyThreadsLoseNothing() async throws {
        let recorder = LoadRecorder()
        await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<5_000 {
                        recorder.record("check", latency: Int64(number), at: Double(number) / 1000 + Double(task))
                    }
                }
            }
        }
        let report = report(recorder)
        #expect(report.operations.map(\.count) == [40_000])
        #expect(report.timeLine.map(\.completed).reduce(0, +) == 40_000)
        #expect(recorder.progress.completed == 40_000)
    }

    @Test func whatAThreadKeptForItselfIsAdded() throws {
        let recorder = LoadRecorder()
        var record = LoadRecord(["check", "revoke"])
        record.record(1, latency: 3_000_000, count: 16)
        recorder.add(record, of: 2)
        record.reset()
        record.record(0, latency: 1_000_000, count: 4)
        recorder.add(record, of: 3)
        let report = report(recorder)
        #expect(report.operations.map(\.count) == [4, 16])
        #expect(report.operations.map(\.latency.maximum) == [1000, 3000])
        #expect(report.timeLine.map(\.completed) == [0, 0, 16, 4])
    }

    @Test func aLatencyBeyondAllMeasureIsCounted() throws {
        let recorder = LoadRecorder()
        recorder.record("check", latency: 3_600_000_000_000, at: 1)
        recorder.record("check", latency: -5, at: 1)
        let report = report(recorder)
        #expect(report.operations.map(\.count) == [2])
        #expect(report.operations[0].latency.maximum == 3_600_000_000)
    }
}
