/// When something happens, on the store's two clocks, in Unix milliseconds.
@usableFromInline
package struct ClockReading: Sendable {
    /// The wall clock: plain keys expire by it.
    @usableFromInline package var wall: Int64
    /// The clock that guarded keys expire by (``GuardedClock``): nobody can set it.
    @usableFromInline package var guarded: Int64

    @inlinable
    package init(wall: Int64, guarded: Int64) {
        self.wall = wall
        self.guarded = guarded
    }

    /// The later clock: what times of guarded keys count from wherever others read them, so that nobody ends one early.
    @inlinable
    package var later: Int64 { max(wall, guarded) }

    /// How far guarded time is ahead of the wall clock: what an absolute expiry of a guarded key has to be put off by.
    @inlinable
    package var lead: Int64 { later - wall }

    /// How far guarded time is behind the wall clock: what is added to the expiry of a guarded key in a file.
    @inlinable
    package var shift: Int64 { later - guarded }
}

/// An absolute expiry in Unix milliseconds.
package enum Expiry {
    /// An entry that does not expire.
    package static let never = Int64.max
}
