import Contract
import Foundation
import Revocation
import Synchronization

/// Measures how soon what is open under a token ends when the token is revoked: many bodies of
/// `RevocationList.withToken`, as a node's streams are, in one process that follows a daemon.
package struct StreamBench: Sendable {
    /// How many are open.
    package var streams = 10_000
    /// How many single subjects are revoked while all others stay open.
    package var subjects = 500

    package init() {}

    /// When the bodies ended.
    private final class Ends: Sendable {
        private let times = Mutex<[Int: ContinuousClock.Instant]>([:])

        func note(_ number: Int) {
            let now = ContinuousClock.now
            times.withLock { $0[number] = now }
        }

        func time(of number: Int) -> ContinuousClock.Instant? { times.withLock { $0[number] } }
        var count: Int { times.withLock { $0.count } }
        var last: ContinuousClock.Instant? { times.withLock { $0.values.max() } }
    }

    /// The bodies that have begun: a token is open while it is still being checked.
    private final class Running: Sendable {
        let count = Atomic(0)
    }

    package func run() async throws {
        BenchReport.Machine.warnOfDebugBuild()
        let daemon = try await MeasuredStore.start(.revoked, log: .always)
        do { try await measure("redis://127.0.0.1:\(daemon.port)") } catch {
            await daemon.stop()
            throw error
        }
        await daemon.stop()
    }

    private func measure(_ url: String) async throws {
        var settings = RevocationConfiguration()
        let writer = try RevocationList(url, configuration: settings)
        settings.checks = .local(maximumBytes: 256 << 20)
        let list = try RevocationList(url, configuration: settings)
        let (ends, running) = (Ends(), Running())
        // Without a lease each would be asked, all at the same time.
        try await Self.wait("a lease is held") {
            _ = await list.verdict(for: Self.claims(0))
            return list.answersLocally == true
        }
        try await withThrowingTaskGroup { group in
            for number in 0..<streams {
                let claims = Self.claims(number)
                group.addTask {
                    do {
                        try await list.withToken(claims) {
                            running.count.wrappingAdd(1, ordering: .relaxed)
                            try await Task.sleep(for: .seconds(3_600))
                        }
                    } catch is TokenEnd {
                        ends.note(number)
                    }
                }
            }
            try await Self.wait("all streams are open, and a lease is held") {
                running.count.load(ordering: .relaxed) == streams && list.answersLocally == true
            }
            try await report(ends, writer)
            try await group.waitForAll()
        }
        await list.close()
        await writer.close()
    }

    private func report(_ ends: Ends, _ writer: RevocationList) async throws {
        var (fromSending, fromAnswer): ([Double], [Double]) = ([], [])
        for number in 0..<min(subjects, streams) {
            let start = ContinuousClock.now
            try await writer.revoke(.subject("user-\(number)"))
            let answered = ContinuousClock.now
            try await Self.wait("the stream of one subject is closed") { ends.time(of: number) != nil }
            guard let end = ends.time(of: number) else { continue }
            fromSending.append((end - start) / .milliseconds(1))
            fromAnswer.append((end - answered) / .milliseconds(1))
        }
        guard ends.count == fromSending.count else {
            throw LoadFailure(message: "\(ends.count) streams are closed, not \(fromSending.count)")
        }
        let left = streams - ends.count
        let start = ContinuousClock.now
        try await writer.revoke(.all())
        try await Self.wait("all streams are closed") { ends.count == streams }
        let all = ((ends.last ?? start) - start) / .milliseconds(1)
        print("| \(streams) streams are open | p50 ms | p99 ms | most ms |")
        print("|---|---:|---:|---:|")
        line("one subject revoked: from the call to its stream's end", fromSending)
        line("the same, from the acknowledgement", fromAnswer)
        line("all \(left) others at once: from the call to the last one's end", [all])
    }

    private func line(_ name: String, _ times: [Double]) {
        let sorted = times.sorted()
        let values = [sorted.median, sorted[(sorted.count * 99 + 99) / 100 - 1], sorted[sorted.count - 1]]
        print("| \(name) | " + values.map { String(format: "%.2f", $0) }.joined(separator: " | ") + " |")
    }

    private static func claims(_ number: Int) -> TokenClaims {
        let now = Int64(Date.now.timeIntervalSince1970 * 1000)
        return TokenClaims(
            issuer: "i", subject: "user-\(number)", session: "session-\(number)", identifier: "token-\(number)",
            client: "app", key: "key", issuedAt: now, expiresAt: now + 3_600_000)
    }

    private static func wait(_ what: String, _ condition: () async -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while await !condition() {
            guard ContinuousClock.now < deadline else { throw LoadFailure(message: "waited in vain until \(what)") }
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}
