import Denylist
import RESP

enum TimeUnit {
    case seconds, milliseconds

    /// Milliseconds of this unit.
    var factor: Int64 { self == .seconds ? 1000 : 1 }

    /// A number of milliseconds in this unit, rounded to nearest as `TTL` does.
    func rounded(_ milliseconds: Int64) -> Int64 { self == .seconds ? (milliseconds + 500) / 1000 : milliseconds }
}

/// An expiry as a command gives it.
struct ExpiryArgument {
    /// Milliseconds, from now or since 1970.
    let milliseconds: Int64
    let isAbsolute: Bool

    /// The expiry in Unix milliseconds: what is relative counts from the clock of the key's class.
    /// - Returns: nil if it overflows.
    func expiry(_ keyClass: KeyClass, _ moment: Moment) -> Int64? {
        guard !isAbsolute else { return milliseconds }
        let (sum, overflow) = milliseconds.addingReportingOverflow(keyClass == .guarded ? moment.later : moment.wall)
        return overflow ? nil : sum
    }
}
