/// When something happens, on the store's two clocks, in Unix milliseconds.
public struct ClockReading: Sendable {
    /// The wall clock: plain keys expire by it.
    public var wall: Int64
    /// The clock that guarded keys expire by (``GuardedClock``): nobody can set it.
    public var guarded: Int64

    @inlinable
    public init(wall: Int64, guarded: Int64) {
        self.wall = wall
        self.guarded = guarded
    }

    /// The later clock: what times of guarded keys count from wherever others read them, so that nobody ends one early.
    @inlinable
    public var later: Int64 { max(wall, guarded) }

    /// How far guarded time is ahead of the wall clock: what an absolute expiry of a guarded key has to be put off by.
    @inlinable
    public var lead: Int64 { later - wall }

    /// How far guarded time is behind the wall clock: what is added to the expiry of a guarded key in a file.
    @inlinable
    public var shift: Int64 { later - guarded }
}

/// An absolute expiry in Unix milliseconds.
public enum Expiry {
    /// An entry that does not expire.
    public static let never = Int64.max
}
