#if os(Linux)
    /// What checks met when their leases were lost. Times are in nanoseconds.
    struct FallBackFindings {
        private static let second: Int64 = 1_000_000_000

        /// The 99th percentile of checks that were due before.
        let before: Int64
        /// The same of checks that were due in the first and in the second second after the loss, or after the store
        /// was back, and of those that were due later.
        let first: Int64
        let second: Int64
        let later: Int64
        /// Checks that were asked over the wire since.
        let asked: Int
        /// Checks without a verdict that were due while the store was away.
        let unknownWhileAway: Int
        /// Checks without a verdict that were due since, and when the last of them was.
        let unknown: Int
        let lastUnknown: Int64

        /// - Parameters:
        ///   - lostAt: when leases were lost.
        ///   - backAt: when the store could be asked; that of the loss if it was never away.
        init?(_ samples: [PacedChecks.Sample], lostAt: Int64, backAt: Int64) {
            let since = samples.filter { $0.due >= backAt }
            func percentile(from start: Int64, to end: Int64) -> Int64? {
                Self.percentile(since.filter { start <= $0.due - backAt && $0.due - backAt < end })
            }
            guard let before = Self.percentile(samples.filter { $0.due < lostAt }),
                let first = percentile(from: 0, to: Self.second),
                let second = percentile(from: Self.second, to: 2 * Self.second),
                let later = percentile(from: 2 * Self.second, to: .max)
            else { return nil }
            (self.before, self.first, self.second, self.later) = (before, first, second, later)
            asked = since.count { !$0.isLocal }
            unknownWhileAway = samples.count { $0.due >= lostAt && $0.due < backAt && !$0.isKnown }
            let unknown = since.filter { !$0.isKnown }
            self.unknown = unknown.count
            lastUnknown = unknown.map { $0.due - backAt }.max() ?? 0
        }

        private static func percentile(_ samples: [PacedChecks.Sample]) -> Int64? {
            let times = samples.map(\.took).sorted()
            return times.isEmpty ? nil : times[times.count * 99 / 100]
        }
    }
#endif
