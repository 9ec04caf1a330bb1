import Denylist

extension ClockReading {
    static let start = ClockReading(1_700_000_000_000)

    init(_ time: Int64) { self.init(wall: time, guarded: time) }

    func later(by milliseconds: Int64) -> ClockReading {
        ClockReading(wall: wall + milliseconds, guarded: guarded + milliseconds)
    }
}

extension Denylist {
    static func make(shards: Int = 4, _ change: (inout Configuration) -> Void = { _ in }) -> Denylist {
        var configuration = Configuration()
        configuration.shards = shards
        configuration.hashKey = (1, 2)
        change(&configuration)
        return Denylist(configuration)
    }

    func set(_ key: [UInt8], _ value: [UInt8], expiry: Int64 = Expiry.never, at moment: ClockReading = .start) {
        let key = key.span.bytes
        update(key, hash: hash(of: key), at: moment) { $0.store(value.span.bytes, expiry: expiry) }
    }

    func set(_ key: String, _ value: String = "logout", expiry: Int64 = Expiry.never, at moment: ClockReading = .start)
    {
        set(Array(key.utf8), Array(value.utf8), expiry: expiry, at: moment)
    }

    func get(_ key: [UInt8], at moment: ClockReading = .start) -> (value: [UInt8], expiry: Int64)? {
        let key = key.span.bytes
        return read(key, hash: hash(of: key), at: moment) { ($0.bytes, $1) }
    }

    func get(_ key: String, at moment: ClockReading = .start) -> String? {
        get(Array(key.utf8), at: moment).map { String(decoding: $0.value, as: UTF8.self) }
    }

    func has(_ key: [UInt8], at moment: ClockReading = .start) -> Bool {
        contains(key.span.bytes, hash: hash(of: key.span.bytes), at: moment)
    }

    func has(_ key: String, at moment: ClockReading = .start) -> Bool { has(Array(key.utf8), at: moment) }

    @discardableResult
    func remove(_ key: [UInt8], at moment: ClockReading = .start) -> Bool {
        let key = key.span.bytes
        return update(key, hash: hash(of: key), at: moment) { entry in
            defer { entry.remove() }
            return entry.exists
        }
    }

    /// All live entries, and how often any was visited more than once.
    func everything(at moment: ClockReading, step: Int = 10) -> (entries: [[UInt8]: Stored], repeats: Int) {
        var found: [[UInt8]: Stored] = [:]
        var repeats = 0
        var cursor: UInt64 = 0
        repeat {
            cursor = scan(from: cursor, count: step, at: moment) { key, value, expiry in
                if found.updateValue(Stored(value: value.bytes, expiry: expiry), forKey: key.bytes) != nil {
                    repeats += 1
                }
            }
        } while cursor != 0
        return (found, repeats)
    }
}

struct Stored: Equatable {
    var value: [UInt8]
    var expiry: Int64
}

extension RawSpan {
    var bytes: [UInt8] { withUnsafeBytes(Array.init) }
}

/// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` from random bits.
func randomUUID(_ generator: inout some RandomNumberGenerator, uppercase: Bool = false) -> String {
    func hex(_ digits: Int) -> String {
        let text = String(generator.next() >> UInt64(64 - digits * 4), radix: 16, uppercase: uppercase)
        return String(repeating: "0", count: digits - text.count) + text
    }
    return "\(hex(8))-\(hex(4))-\(hex(4))-\(hex(4))-\(hex(12))"
}
