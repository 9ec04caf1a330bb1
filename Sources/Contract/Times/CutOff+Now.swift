extension CutOff {
    /// The cut-off that ends every log-in until now, whatever clock it was issued by (WireContract.md, *Log out
    /// everywhere*).
    ///
    /// Our own log-ins say a time that the store told them, and it tells no earlier one later: `time` covers them.
    /// - Parameter time: the store's clock, Unix milliseconds, read in the call itself together with `held`.
    /// - Parameter lead: how far the clock of the tokens' issuer may be ahead of the store's, in milliseconds.
    /// - Parameter held: the values of cut-offs that may have pushed a log-in ahead of the store's clock: a node of an
    ///   older release handed one out one millisecond behind them.
    /// - Parameter logInTime: of the token that asks for it, which must end as well.
    /// - Returns: nil if that token says that it was issued more than 60 s ahead.
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
