/// How long a revocation must be kept.
public enum Lifetime {
    /// The longest time that a store keeps a revocation unless it reports another, in seconds: 400 days. A signing
    /// key's revocation is kept for as long as its store allows.
    public static let longestToLive: Int64 = 400 * 86_400

    /// The time to live of a token's key: `ceil(exp − now) + margin`, in whole seconds.
    /// - Returns: nil if `exp` is past by more than the margin: no verifier accepts the token, nothing needs writing.
    public static func secondsToLive(expiresAt: Int64, now: Int64) -> Int64? {
        let (remaining, overflow) = expiresAt.subtractingReportingOverflow(now)
        if overflow && expiresAt < now { return nil }
        guard !overflow, remaining <= Int64.max - Limits.marginMilliseconds - 999 else { return Int64.max / 1000 }
        let milliseconds = remaining + Limits.marginMilliseconds
        return milliseconds > 0 ? (milliseconds + 999) / 1000 : nil
    }
}
