import Denylist
import Persistence

/// Keeps what a file says.
struct RecordingSink: RecordSink, Equatable {
    struct Entry: Equatable {
        var value: String
        var expiry: Int64
    }

    /// Those of the selected database.
    var entries: [String: Entry] = [:]
    private var database = 0
    private var others: [Int: [String: Entry]] = [:]
    var changes = 0
    var skipped: [String] = []

    mutating func skip(_ key: RawSpan) { skipped.append(Self.text(key)) }

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

    mutating func select(_ number: Int) {
        others[database] = entries
        entries = others.removeValue(forKey: number) ?? [:]
        database = number
    }

    mutating func copy(_ key: RawSpan, to other: RawSpan, of number: Int?) {
        let (entry, selected) = (entries[Self.text(key)], database)
        if let number { select(number) }
        entries[Self.text(other)] = entry
        select(selected)
        changes += 1
    }

    mutating func swap(_ one: Int, _ other: Int) {
        others[database] = entries
        (others[one], others[other]) = (others[other], others[one])
        entries = others.removeValue(forKey: database) ?? [:]
        changes += 1
    }

    mutating func removeDatabase() {
        entries = [:]
        changes += 1
    }

    mutating func removeAll() {
        others = [:]
        removeDatabase()
    }

    /// The entries of every database, as `database:key`.
    var all: [String: Entry] {
        var sink = self
        sink.select(DatabaseNumber.count)
        var all: [String: Entry] = [:]
        for (number, entries) in sink.others { for (key, entry) in entries { all["\(number):\(key)"] = entry } }
        return all
    }

    /// Byte for byte: any byte is a character.
    static func text(_ bytes: RawSpan) -> String {
        bytes.withUnsafeBytes { String(String.UnicodeScalarView($0.map { Unicode.Scalar($0) })) }
    }
}
