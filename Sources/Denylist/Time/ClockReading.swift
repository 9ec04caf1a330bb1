/// An instant on the store's two clocks, in Unix milliseconds.
@usableFromInline
package struct ClockReading: Sendable {
    /// The wall clock: plain keys expire by it.
    @usableFromInline package var wall: Int64
    /// The clock by which guarded keys expire (``GuardedClock``). It cannot be set.
    @usableFromInline package var guarded: Int64

    @inlinable
    package init(wall: Int64, guarded: Int64) {
        self.wall = wall
        self.guarded = guarded
    }

    /// The later clock. Expiries of guarded keys that other servers read count from it, so none of them ends early.
    @inlinable
    package var later: Int64 { max(wall, guarded) }

    /// How far guarded time is ahead of the wall clock: added to an absolute expiry of a guarded key.
    @inlinable
    package var lead: Int64 { later - wall }

    /// How far guarded time is behind the wall clock: added to a guarded key's expiry in a file.
    @inlinable
    package var shift: Int64 { later - guarded }
}

/// An absolute expiry in Unix milliseconds.
@usableFromInline
package enum Expiry {
    /// An entry that does not expire.
    @inlinable
    package static var never: Int64 { .max }
}
