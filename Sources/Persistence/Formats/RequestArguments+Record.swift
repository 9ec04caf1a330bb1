import Denylist
import RESP

/// A record of a log, which its server had applied: a condition in it (`NX`, `XX`, `SETNX`) held.
extension RequestArguments {
    /// Applies a record that changes keys to `sink`.
    /// - Parameters:
    ///   - now: Unix milliseconds.
    ///   - offset: the record's, for errors.
    @inline(__always)
    func apply(
        _ kind: RecordKind, to sink: inout some RecordSink & ~Copyable, now: Int64, at offset: Int
    ) throws(FormatError) {
        if kind == .set, count == 5, self[3].equalsIgnoringCase("pxat") {
            return sink.set(self[1], self[2], expiry: try expiry(4, .init(isAbsolute: true), now, at: offset))
        }
        try applyOther(kind, to: &sink, now: now, at: offset)
    }

    @inline(never)
    private func applyOther(
        _ kind: RecordKind, to sink: inout some RecordSink & ~Copyable, now: Int64, at offset: Int
    ) throws(FormatError) {
        switch kind {
        case .set:
            try require(3, at: offset)
            try set(1, 2, options(from: 3, now, at: offset), &sink)
        case .setNX, .getSet:
            try require(3, at: offset)
            sink.set(self[1], self[2], expiry: Expiry.never)
        case .setEx, .psetEx:
            try require(4, at: offset)
            sink.set(self[1], self[3], expiry: try expiry(2, .init(isSeconds: kind == .setEx), now, at: offset))
        case .mset:
            guard count >= 3, count % 2 == 1 else { throw wrongCount(at: offset) }
            for index in stride(from: 1, to: count, by: 2) {
                sink.set(self[index], self[index + 1], expiry: Expiry.never)
            }
        case .msetEx:
            try require(2, at: offset)
            let pairs = try number(1, at: offset)
            guard pairs > 0, pairs <= (count - 2) / 2 else { throw wrongCount(at: offset) }
            let end = 2 + Int(pairs) * 2
            let lifetime = try options(from: end, now, at: offset)
            for index in stride(from: 2, to: end, by: 2) { set(index, index + 1, lifetime, &sink) }
        case .getEx:
            try require(2, at: offset)
            switch try options(from: 2, now, at: offset) {
            case .until(let expiry): sink.setExpiry(self[1], expiry)
            case .none where count == 3: sink.setExpiry(self[1], Expiry.never)
            default: break
            }
        case .expire, .pexpire, .expireAt, .pexpireAt:
            guard count == 3 else { throw wrongCount(at: offset) }
            let unit = TimeUnit(
                isSeconds: kind == .expire || kind == .expireAt,
                isAbsolute: kind == .expireAt || kind == .pexpireAt, mayHavePassed: true)
            sink.setExpiry(self[1], try expiry(2, unit, now, at: offset))
        case .persist:
            try require(2, at: offset)
            sink.setExpiry(self[1], Expiry.never)
        case .delete:
            try require(2, at: offset)
            for index in 1..<count { sink.remove(self[index]) }
        case .getDelete:
            try require(2, at: offset)
            sink.remove(self[1])
        case .rename, .move, .copy: try transfer(kind, to: &sink, at: offset)
        case .increment, .decrement, .incrementBy, .decrementBy, .append, .setRange, .setBit:
            try modify(kind, &sink, at: offset)
        case .flushAll: sink.removeAll()
        case .flushDatabase: sink.removeDatabase()
        case .swapDatabases, .select, .multi, .exec, .other, .keyless, .signal: preconditionFailure("changes no key")
        }
    }

    /// Gives a key's value to another key.
    private func transfer(
        _ kind: RecordKind, to sink: inout some RecordSink & ~Copyable, at offset: Int
    ) throws(FormatError) {
        try require(3, at: offset)
        switch kind {
        case .rename: sink.copy(self[1], to: self[2], of: nil)
        case .move: sink.copy(self[1], to: self[1], of: try database(2, at: offset))
        default:
            var number: Int?
            for index in 3..<count where self[index].equalsIgnoringCase("db") {
                number = try database(index + 1, at: offset)
            }
            return sink.copy(self[1], to: self[2], of: number)
        }
        sink.remove(self[1])
    }

    // MARK: Passed over

    /// Hands over the keys that a record writes which is not applied.
    func skip(
        _ kind: RecordKind, in sink: inout some RecordSink & ~Copyable, at offset: Int
    ) throws(FormatError) {
        guard count > 1 else { return }
        switch kind {
        case .mset: for index in stride(from: 1, to: count, by: 2) { sink.skip(self[index]) }
        case .msetEx:
            let end = 2 + 2 * max(0, min(try number(1, at: offset), Int64((count - 2) / 2)))
            for index in stride(from: 2, to: Int(end), by: 2) { sink.skip(self[index]) }
        case .delete, .getDelete, .flushDatabase: break
        case .rename, .move, .copy:
            if let number = try target(kind, at: offset), (0..<Int64(DatabaseNumber.count)).contains(number) {
                throw FormatError(.unsupported, at: offset, "a key comes from a database that is not read")
            }
            sink.skip(self[kind == .move || count < 3 ? 1 : 2])
        default:
            sink.skip(self[1])
            if kind == .other, movesElement { sink.skip(self[2]) }
        }
    }

    /// The database that a `MOVE` or `COPY` names.
    private func target(_ kind: RecordKind, at offset: Int) throws(FormatError) -> Int64? {
        if kind == .move { return try number(2, at: offset) }
        guard kind == .copy else { return nil }
        for index in 3..<max(3, count) where self[index].equalsIgnoringCase("db") {
            return try number(index + 1, at: offset)
        }
        return nil
    }

    /// Whether a command of other types has a second key, that it moves something to.
    private var movesElement: Bool {
        let names: [StaticString] = ["lmove", "blmove", "rpoplpush", "brpoplpush", "smove"]
        return count > 2 && names.contains { self[0].equalsIgnoringCase($0) }
    }

    // MARK: Arguments

    /// An argument as a number.
    func number(_ index: Int, at offset: Int) throws(FormatError) -> Int64 {
        guard index < count else { throw wrongCount(at: offset) }
        guard let number = self[index].parseInteger() else {
            throw FormatError(at: offset, "a record with an argument that is not a number")
        }
        return number
    }

    /// An argument as the number of a database.
    private func database(_ index: Int, at offset: Int) throws(FormatError) -> Int {
        let number = try number(index, at: offset)
        guard (0..<Int64(DatabaseNumber.count)).contains(number) else {
            throw .unsupportedDatabase(number, at: offset)
        }
        return Int(number)
    }

    private func require(_ least: Int, at offset: Int) throws(FormatError) {
        guard count >= least else { throw wrongCount(at: offset) }
    }

    private func wrongCount(at offset: Int) -> FormatError {
        FormatError(at: offset, "a record with a wrong number of arguments")
    }

    private struct TimeUnit {
        var isSeconds = false
        var isAbsolute = false
        var mayHavePassed = false
    }

    /// An argument as Unix milliseconds.
    @inline(__always)
    private func expiry(_ index: Int, _ unit: TimeUnit, _ now: Int64, at offset: Int) throws(FormatError) -> Int64 {
        let (milliseconds, overflow) = try number(index, at: offset).multipliedReportingOverflow(
            by: unit.isSeconds ? 1000 : 1)
        let (expiry, carried) = milliseconds.addingReportingOverflow(unit.isAbsolute ? 0 : now)
        guard !overflow, !carried, expiry != Expiry.never, milliseconds > 0 || unit.mayHavePassed else {
            throw FormatError(at: offset, "a record with an expiry out of range")
        }
        return expiry
    }

    /// The expiry options of a `SET`.
    private enum Lifetime {
        case none, kept
        case until(Int64)
    }

    private func options(from first: Int, _ now: Int64, at offset: Int) throws(FormatError) -> Lifetime {
        var lifetime = Lifetime.none
        var index = first
        while index < count {
            let option = self[index]
            index += 1
            if option.equalsIgnoringCase("keepttl") {
                lifetime = .kept
            } else if let unit = Self.unit(option) {
                lifetime = .until(try expiry(index, unit, now, at: offset))
                index += 1
            } else if !option.equalsIgnoringCase("nx"), !option.equalsIgnoringCase("xx"),
                !option.equalsIgnoringCase("get"), !option.equalsIgnoringCase("persist")
            {
                throw FormatError(.unsupported, at: offset, "an unknown option of a record")
            }
        }
        return lifetime
    }

    private static func unit(_ option: RawSpan) -> TimeUnit? {
        if option.equalsIgnoringCase("pxat") { return TimeUnit(isAbsolute: true) }
        if option.equalsIgnoringCase("exat") { return TimeUnit(isSeconds: true, isAbsolute: true) }
        if option.equalsIgnoringCase("px") { return TimeUnit() }
        if option.equalsIgnoringCase("ex") { return TimeUnit(isSeconds: true) }
        return nil
    }

    private func set(_ key: Int, _ value: Int, _ lifetime: Lifetime, _ sink: inout some RecordSink & ~Copyable) {
        switch lifetime {
        case .none: sink.set(self[key], self[value], expiry: Expiry.never)
        case .kept: sink.setKeepingExpiry(self[key], self[value])
        case .until(let expiry): sink.set(self[key], self[value], expiry: expiry)
        }
    }
}

/// Records that change a part of a value. Redis logs them as they were sent; the daemon logs whole values.
extension RequestArguments {
    /// The longest string of Redis, in bytes.
    private static let longest: Int64 = 1 << 29

    func modify(
        _ kind: RecordKind, _ sink: inout some RecordSink & ~Copyable, at offset: Int
    ) throws(FormatError) {
        switch kind {
        case .increment: try add(1, count: 2, &sink, at: offset)
        case .decrement: try add(-1, count: 2, &sink, at: offset)
        case .incrementBy: try add(try number(2, at: offset), count: 3, &sink, at: offset)
        case .decrementBy:
            let (number, hasOverflowed) = Int64(0).subtractingReportingOverflow(try number(2, at: offset))
            guard !hasOverflowed else { throw Self.impossible(at: offset) }
            try add(number, count: 3, &sink, at: offset)
        case .append:
            guard count == 3 else { throw Self.impossible(at: offset) }
            let added = self[2].withUnsafeBytes(Array.init)
            sink.modify(self[1]) { Self.bytes(of: $0) + added }
        case .setRange:
            let start = try number(2, at: offset)
            guard count == 4, start >= 0, start <= Self.longest - Int64(self[3].byteCount) else {
                throw Self.impossible(at: offset)
            }
            let new = self[3].withUnsafeBytes(Array.init)
            sink.modify(self[1]) { old in
                var value = Self.bytes(of: old, atLeast: Int(start) + new.count)
                value.replaceSubrange(Int(start)..<Int(start) + new.count, with: new)
                return value
            }
        case .setBit:
            let (bit, isSet) = (try number(2, at: offset), try number(3, at: offset))
            guard count == 4, bit >= 0, bit / 8 < Self.longest, isSet == 0 || isSet == 1 else {
                throw Self.impossible(at: offset)
            }
            sink.modify(self[1]) { old in
                var value = Self.bytes(of: old, atLeast: Int(bit / 8) + 1)
                let mask = UInt8(0x80) >> UInt8(bit % 8)
                value[Int(bit / 8)] = isSet == 1 ? value[Int(bit / 8)] | mask : value[Int(bit / 8)] & ~mask
                return value
            }
        default: preconditionFailure("changes no part of a value")
        }
    }

    private func add(
        _ number: Int64, count: Int, _ sink: inout some RecordSink & ~Copyable, at offset: Int
    ) throws(FormatError) {
        guard self.count == count else { throw Self.impossible(at: offset) }
        var isDone = true
        sink.modify(self[1]) { old in
            var held: Int64? = 0
            if let old { held = old.parseInteger() }
            guard let (sum, hasOverflowed) = held?.addingReportingOverflow(number), !hasOverflowed else {
                isDone = false
                return nil
            }
            return Array(String(sum).utf8)
        }
        if !isDone { throw Self.impossible(at: offset) }
    }

    private static func bytes(of old: RawSpan?, atLeast count: Int = 0) -> [UInt8] {
        var bytes: [UInt8] = []
        if let old { bytes = old.withUnsafeBytes(Array.init) }
        if bytes.count < count { bytes += [UInt8](repeating: 0, count: count - bytes.count) }
        return bytes
    }

    private static func impossible(at offset: Int) -> FormatError {
        FormatError(at: offset, "a record that its server cannot have applied")
    }
}
