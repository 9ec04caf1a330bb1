import Denylist
import Persistence

/// Keeps what a file says.
struct RecordingSink: RecordSink, Equatable {
    struct Entry: Equatable {
        var value: String
        var expiry: Int64
    }

    var entries: [String: Entry] = [:]
    var changes = 0

    mutating func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64) {
        entries[Self.text(key)] = Entry(value: Self.text(value), expiry: expiry)
        changes += 1
    }

    mutating func setKeepingExpiry(_ key: RawSpan, _ value: RawSpan) {
        entries[Self.text(key), default: Entry(value: "", expiry: Expiry.never)].value = Self.text(value)
        changes += 1
    }

    mutating func setExpiry(_ key: RawSpan, _ expiry: Int64) {
        entries[Self.text(key)]?.expiry = expiry
        changes += 1
    }

    mutating func remove(_ key: RawSpan) {
        entries[Self.text(key)] = nil
        changes += 1
    }

    mutating func removeAll() {
        entries = [:]
        changes += 1
    }

    /// Byte for byte: any byte is a character.
    static func text(_ bytes: RawSpan) -> String {
        bytes.withUnsafeBytes { String(String.UnicodeScalarView($0.map { Unicode.Scalar($0) })) }
    }
}
