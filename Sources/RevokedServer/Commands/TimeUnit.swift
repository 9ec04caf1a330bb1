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

    /// The expiry on the clock of the key's class, in milliseconds. A lifetime of a guarded key counts from guarded
    /// time. What is given as Unix time counts from the wall clock: if guarded time is ahead of that, a guarded key
    /// must not end early by as much; if it is behind, the key stays until guarded time has passed it.
    /// - Returns: nil if it overflows.
    func expiry(_ keyClass: KeyClass, _ moment: ClockReading) -> Int64? {
        let start =
            switch (keyClass, isAbsolute) {
            case (.guarded, true): moment.lead
            case (.guarded, false): moment.guarded
            case (_, true): Int64(0)
            case (_, false): moment.wall
            }
        let (sum, overflow) = milliseconds.addingReportingOverflow(start)
        return overflow ? nil : sum
    }

    /// The lifetime that is asked for, in milliseconds.
    func lifetime(at moment: ClockReading) -> Int64 {
        guard isAbsolute else { return milliseconds }
        let (left, overflow) = milliseconds.subtractingReportingOverflow(moment.wall)
        // Only a large number less a negative one, or the reverse.
        return overflow ? (milliseconds > 0 ? .max : .min) : left
    }
}
