import Denylist
import RESP

enum TimeUnit {
    case seconds, milliseconds

    /// Milliseconds of this unit.
    var factor: Int64 { self == .seconds ? 1000 : 1 }

    /// A number of milliseconds in this unit, rounded to nearest as `TTL` does.
    func rounded(_ milliseconds: Int64) -> Int64 {
        self == .seconds ? milliseconds / 1000 + (milliseconds % 1000 >= 500 ? 1 : 0) : milliseconds
    }
}

/// An expiry as a command gives it.
struct ExpiryArgument {
    /// Milliseconds, from now or since 1970.
    let milliseconds: Int64
    let isAbsolute: Bool

    /// The expiry on the clock of the key's class, in milliseconds. What is given as Unix time counts from the wall
    /// clock: if guarded time is ahead of it, a guarded key must not end early by as much.
    /// - Returns: nil if it overflows.
    func expiry(_ keyClass: KeyClass, _ moment: Moment) -> Int64? {
        let start =
            switch (keyClass, isAbsolute) {
            case (.guarded, true): moment.lead
            case (.guarded, false): moment.later
            case (_, true): Int64(0)
            case (_, false): moment.wall
            }
        let (sum, overflow) = milliseconds.addingReportingOverflow(start)
        return overflow ? nil : sum
    }
}
