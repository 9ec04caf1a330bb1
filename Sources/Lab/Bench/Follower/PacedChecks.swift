#if os(Linux)
    import CLinux
    import Foundation
    import Revocation
    import Synchronization

    /// Checks at a steady rate, by turns of several lists, whether or not the earlier ones are answered.
    final class PacedChecks: Sendable {
        struct Sample: Sendable {
            /// When it was due, in nanoseconds of `clinux_time`.
            let due: Int64
            /// Until it was answered, in nanoseconds from when it was due.
            let took: Int64
            let isLocal: Bool
            /// Whether the answer was a verdict.
            let isKnown: Bool
        }

        private static let tick: Int64 = 1_000_000
        private static let tokenCount = 4_096

        private let samples = Mutex<[Sample]>([])
        private let unanswered = Atomic(0)
        private let isEnding = Atomic(false)
        private let hasEnded = Atomic(false)

        init(_ lists: [RevocationList], perSecond: Int) {
            let now = Int64(Date().timeIntervalSince1970 * 1000)
            let tokens = (0..<Self.tokenCount).map { ClientOperation.everything.claims($0, now) }
            Thread.detachNewThread { [self] in
                clinux_precise_timers()
                run(lists, tokens, perSecond)
                hasEnded.store(true, ordering: .releasing)
            }
        }

        private func run(_ lists: [RevocationList], _ tokens: [TokenClaims], _ perSecond: Int) {
            let begun = clinux_time()
            var (due, number) = (begun, 0)
            while !isEnding.load(ordering: .relaxed) {
                due += Self.tick
                Thread.sleep(forTimeInterval: max(0, Double(due - clinux_time()) / 1e9))
                let end = Int(Double(due - begun) / 1e9 * Double(perSecond))
                while number < end {
                    check(tokens[number % tokens.count], lists[number % lists.count], due)
                    number += 1
                }
            }
        }

        private func check(_ token: TokenClaims, _ list: RevocationList, _ due: Int64) {
            if let verdict = list.localVerdict(for: token) { return note(verdict, due, isLocal: true) }
            unanswered.add(1, ordering: .relaxed)
            Task {
                note(await list.verdict(for: token), due, isLocal: false)
                unanswered.subtract(1, ordering: .releasing)
            }
        }

        private func note(_ verdict: Verdict, _ due: Int64, isLocal: Bool) {
            var isKnown = true
            if case .unknown = verdict { isKnown = false }
            let sample = Sample(due: due, took: clinux_time() - due, isLocal: isLocal, isKnown: isKnown)
            samples.withLock { $0.append(sample) }
        }

        /// Stops, and waits for the answers.
        /// - Returns: all checks, in the order of their answers.
        func end() async throws -> [Sample] {
            isEnding.store(true, ordering: .relaxed)
            let limit = ContinuousClock.now + .seconds(30)
            while !hasEnded.load(ordering: .acquiring) || unanswered.load(ordering: .acquiring) > 0 {
                guard ContinuousClock.now < limit else { throw LoadFailure(message: "checks were not answered") }
                try await Task.sleep(for: .milliseconds(1))
            }
            return samples.withLock { $0 }
        }
    }
#endif
