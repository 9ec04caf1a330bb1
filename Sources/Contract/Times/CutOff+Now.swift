extension CutOff {
    /// The cut-off for every log-in until now, whichever clock issued it (WireContract.md, *Log out everywhere*).
    ///
    /// Our own log-ins carry a time from the store, whose clock never goes back: `time` covers them.
    /// - Parameters:
    ///   - time: the store's clock, Unix milliseconds, read in the call itself together with `held`.
    ///   - lead: how far the issuer's clock may be ahead of the store's, in milliseconds.
    ///   - held: the values of cut-offs that may have pushed a log-in ahead of the store's clock. A node of an older
    ///     release issued one a millisecond after them.
    ///   - logInTime: that of the presented token, which must be revoked as well.
    /// - Returns: nil if that token was issued more than 60 s ahead.
    public static func now(_ time: Int64, lead: Int64, held: [[UInt8]], logInTime: Int64?) -> Int64? {
        let latest = time + Limits.maximumCutOffLeadMilliseconds
        var cutOff = max(time + lead, logInTime ?? time)
        guard cutOff <= latest else { return nil }
        for value in held where implausibility(of: value.span.bytes, now: time) == nil {
            if let before = parse(value.span.bytes) { cutOff = max(cutOff, min(before + 1, latest)) }
        }
        return cutOff
    }
}
