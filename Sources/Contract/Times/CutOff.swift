/// A cut-off: Unix milliseconds in decimal. A token whose log-in time is at or before it is revoked.
public enum CutOff {
    /// The number in a value.
    /// - Returns: nil unless it is 1 to 18 decimal digits and nothing else.
    public static func parse(_ value: RawSpan) -> Int64? {
        guard (1...18).contains(value.byteCount) else { return nil }
        var number: Int64 = 0
        for index in 0..<value.byteCount {
            let digit = value[byte: index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            number = number * 10 + Int64(digit)
        }
        return number
    }

    /// Why a cut-off is refused: one wrong write must not lock out every user.
    public enum Implausibility: Sendable {
        case notANumber
        /// Below 10¹², probably in seconds.
        case notMilliseconds
        /// More than 60 s ahead of the store's clock.
        case inTheFuture
    }

    /// - Parameters:
    ///   - value: the value of a cut-off's key.
    ///   - now: the store's clock, Unix milliseconds.
    public static func implausibility(of value: RawSpan, now: Int64) -> Implausibility? {
        guard let number = parse(value) else { return .notANumber }
        if number < Limits.minimumCutOff { return .notMilliseconds }
        if number > now + Limits.maximumCutOffLeadMilliseconds { return .inTheFuture }
        return nil
    }
}
