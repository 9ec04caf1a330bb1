/// Who holds a lease until when, and up to which position of the log guarded writes may be answered for their sake.
///
/// A follower that holds a lease answers checks from its own memory. So a guarded write is answered only when each
/// holder has applied it, or its lease has run out. Times are milliseconds since boot, passed in; positions are bytes
/// of the log.
package struct LeaseLedger {
    /// A lease as it was promised.
    package struct Lease: Equatable, Sendable {
        /// Milliseconds, from when the request was received.
        package var length: Int64
        /// The follower holds it only once it has applied this position: the log's end at the grant.
        package var position: UInt64

        package init(length: Int64, position: UInt64) {
            self.length = length
            self.position = position
        }
    }

    private struct Holder {
        /// The first millisecond at which its lease has surely run out.
        var until: Int64
        /// It has applied everything up to here, or does not hold its lease before it has.
        var reached: UInt64
    }

    package let length: Int64
    private var holders: [Int64: Holder] = [:]

    /// - Parameter length: of a lease, in milliseconds.
    package init(length: Int64) { self.length = length }

    /// Every guarded write up to this position may be answered; `.max` if no lease is held.
    package var released: UInt64 { holders.values.map(\.reached).min() ?? .max }

    /// - Parameters:
    ///   - end: the log's end, read after ``released`` has been made known to those who answer writes.
    ///   - now: when the request was received.
    package mutating func renew(_ follower: Int64, applied: UInt64, end: UInt64, at now: Int64) -> Lease {
        expire(at: now)
        // The clock is read in whole milliseconds, and this one may have almost passed.
        let until = now + length + 1
        let reached = max(holders[follower]?.reached ?? end, applied)
        holders[follower] = Holder(until: max(until, holders[follower]?.until ?? until), reached: reached)
        return Lease(length: length, position: end)
    }

    package mutating func acknowledge(_ position: UInt64, by follower: Int64) {
        guard let holder = holders[follower] else { return }
        holders[follower]?.reached = max(holder.reached, position)
    }

    package mutating func release(_ follower: Int64) { holders[follower] = nil }

    package mutating func expire(at now: Int64) { holders = holders.filter { $0.value.until > now } }
}
