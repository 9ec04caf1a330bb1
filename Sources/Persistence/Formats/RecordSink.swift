package import Denylist

/// Takes what a file says, in its order. Keys and values are valid only during the call.
package protocol RecordSink: ~Copyable {
    /// Nothing was handed on yet: says what time it is.
    mutating func begin(at moment: ClockReading)
    /// How the expiries that follow are written; nil: as another server writes them, which every file begins with.
    mutating func readExpiries(by note: TimeNote?)
    /// Creates or replaces an entry.
    /// - Parameter expiry: Unix milliseconds, `Expiry.never` if it does not expire. It may have passed: then the key is
    ///   gone, whatever it was before.
    mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64)
    /// What is known of where an entry will be.
    associatedtype Place
    /// Asks for what it takes to set this key soon.
    func place(of key: RawSpan) -> Place
    /// As ``set(_:_:expiry:)``.
    mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64, at place: Place)
    /// Creates an entry, or replaces the value of one that keeps its expiry.
    mutating func setKeepingExpiry(_ key: RawSpan, _ value: RawSpan)
    /// Changes the expiry of an entry, if there is one.
    mutating func setExpiry(_ key: RawSpan, _ expiry: Int64)
    mutating func remove(_ key: RawSpan)
    mutating func removeAll()
    /// About so many entries will follow; nothing was handed on yet.
    mutating func reserve(entries: Int)
}

extension RecordSink where Self: ~Copyable {
    package mutating func begin(at moment: ClockReading) {}
    package mutating func readExpiries(by note: TimeNote?) {}
    package mutating func reserve(entries: Int) {}
}

extension RecordSink where Self: ~Copyable, Place == Void {
    package func place(of key: RawSpan) {}
    package mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64, at place: Void) {
        set(key, value, expiry: expiry)
    }
}

/// What was read from a file.
package struct RecordCounts: Sendable, Equatable {
    /// Records that were handed on.
    package var records = 0
    /// Keys of other types, of other databases and the like, which were passed over as asked.
    package var skipped = 0
}
