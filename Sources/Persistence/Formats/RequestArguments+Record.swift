import Denylist
import RESP

/// A record of a log. The server that wrote it had carried it out: a condition in it (`NX`, `XX`, `SETNX`) held.
extension RequestArguments {
    /// Does to `sink` what a record of a kind says that changes keys.
    /// - Parameters:
    ///   - now: Unix milliseconds.
    ///   - offset: where the record is, for errors.
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
        case .flushAll, .flushDatabase: sink.removeAll()
        case .select, .multi, .exec, .other: preconditionFailure("changes no key")
        }
    }

    // MARK: Arguments

    /// An argument as a number.
    func number(_ index: Int, at offset: Int) throws(FormatError) -> Int64 {
        guard index < count else { throw wrongCount(at: offset) }
        guard let number = self[index].parseInteger() else {
            throw FormatError(at: offset, "a record with an argument that is no number")
        }
        return number
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

    /// What a `SET` says of the expiry.
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
