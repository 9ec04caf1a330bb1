package import Denylist

/// Receives the contents of a file in order. Keys and values are valid only during the call.
package protocol RecordSink: ~Copyable {
    /// Sets the present time. Called before any record.
    mutating func begin(at moment: ClockReading)
    /// Sets how the following expiries are written; nil for unchanged, as other servers do. Every file begins so.
    mutating func readExpiries(by note: TimeNote?)
    /// Creates or replaces an entry.
    /// - Parameter expiry: Unix milliseconds, `Expiry.never` if it does not expire. It may have passed: then the key is
    ///   gone, whatever it was before.
    mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64)
    /// A key's place in the sink, for prefetching.
    associatedtype Place
    /// Finds a key's place, and prefetches its memory.
    func place(of key: RawSpan) -> Place
    /// As ``set(_:_:expiry:)``.
    mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64, at place: Place)
    /// Creates an entry, or replaces the value of one that keeps its expiry.
    mutating func setKeepingExpiry(_ key: RawSpan, _ value: RawSpan)
    /// Creates an entry, or replaces the value of one that keeps its expiry.
    /// - Parameter change: makes the new value of the old one, nil if there is none; returns nil to leave it.
    mutating func modify(_ key: RawSpan, _ change: (_ old: RawSpan?) -> [UInt8]?)
    /// Changes the expiry of an entry, if there is one.
    mutating func setExpiry(_ key: RawSpan, _ expiry: Int64)
    mutating func remove(_ key: RawSpan)
    /// Gives the value and the expiry of an entry to another key, which it replaces.
    /// - Parameter database: that of the other key; nil for the selected one.
    mutating func copy(_ key: RawSpan, to other: RawSpan, of database: Int?)
    /// The following records are those of this database. Every file begins with database 0.
    mutating func select(_ database: Int)
    /// Removes all entries of the selected database.
    mutating func removeDatabase()
    /// Exchanges the entries of two databases.
    mutating func swap(_ database: Int, _ other: Int)
    /// Removes all entries of all databases.
    mutating func removeAll()
    /// A key is passed over, or a change of one: of another type than string, or of a database that we do not have.
    mutating func skip(_ key: RawSpan)
    /// About this many entries follow. Called before any record.
    mutating func reserve(entries: Int)
}

extension RecordSink where Self: ~Copyable {
    package mutating func begin(at moment: ClockReading) {}
    package mutating func readExpiries(by note: TimeNote?) {}
    package mutating func reserve(entries: Int) {}
    package mutating func skip(_ key: RawSpan) {}
    package mutating func modify(_ key: RawSpan, _ change: (_ old: RawSpan?) -> [UInt8]?) {}
}

extension RecordSink where Self: ~Copyable, Place == Void {
    package func place(of key: RawSpan) {}
    package mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64, at place: Void) {
        set(key, value, expiry: expiry)
    }
}

/// The number of records read from a file.
package struct RecordCounts: Sendable, Equatable {
    /// Records handed over.
    package var records = 0
    /// Skipped keys: of other types, of other databases and the like.
    package var skipped = 0
}
