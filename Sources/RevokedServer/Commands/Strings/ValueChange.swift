import RESP

/// What a command makes of the value that is there: its parts are under the lock of the key's shard.
enum ValueChange {
    case add(Int64)
    /// The number at this place among the arguments.
    case addDecimal(Int)
    /// The bytes at this place.
    case append(Int)
    /// The bytes at this place, from an offset on; zeros fill what is missing before it.
    case overwrite(from: Int, Int)
    case setBit(Int, to: Bool)

    enum Result {
        /// The new value, and the answer; nil: the value is the answer.
        case value([UInt8], Int64?)
        /// The entry stays as it is.
        case same(Int64)
        case refused(StaticString)
    }

    var event: KeyEvent {
        switch self {
        case .add: .incrby
        case .addDecimal: .incrbyfloat
        case .append: .append
        case .overwrite: .setrange
        case .setBit: .setbit
        }
    }

    /// How much longer a value may become.
    func growth(_ arguments: borrowing Arguments) -> Int {
        switch self {
        case .add, .addDecimal: 32
        case .append(let index): arguments[index].byteCount
        case .overwrite(let offset, let index): offset + arguments[index].byteCount
        case .setBit(let bit, _): bit / 8 + 1
        }
    }

    /// - Parameters:
    ///   - old: nil if there is no entry.
    ///   - longest: the most bytes that a value may have.
    func result(of old: RawSpan?, _ arguments: borrowing Arguments, _ longest: Int) -> Result {
        switch self {
        case .add(let number):
            var value: Int64 = 0
            if let old {
                guard let number = old.parseInteger() else {
                    return .refused("ERR value is not an integer or out of range")
                }
                value = number
            }
            let (sum, hasOverflowed) = value.addingReportingOverflow(number)
            guard !hasOverflowed else { return .refused("ERR increment or decrement would overflow") }
            return .value(Array(String(sum).utf8), sum)
        case .addDecimal(let index):
            switch DecimalSum(old?.withUnsafeBytes(Array.init) ?? [0x30], arguments[index].withUnsafeBytes(Array.init))
            {
            case .sum(let bytes): return .value(bytes, nil)
            case .notANumber: return .refused("ERR value is not a valid float")
            case .infinite: return .refused("ERR increment would produce NaN or Infinity")
            }
        case .append(let index):
            return Self.overwrite(old, from: old?.byteCount ?? 0, arguments[index], longest, isAppended: true)
        case .overwrite(let offset, let index):
            return Self.overwrite(old, from: offset, arguments[index], longest, isAppended: false)
        case .setBit(let bit, let isSet): return Self.setBit(old, bit, isSet)
        }
    }

    /// - Parameter isAppended: then nothing is a change, too, as in Redis, and makes an entry where none was.
    private static func overwrite(
        _ old: RawSpan?, from offset: Int, _ new: RawSpan, _ longest: Int, isAppended: Bool
    ) -> Result {
        let length = old?.byteCount ?? 0
        guard new.byteCount > 0 || isAppended else { return .same(Int64(length)) }
        guard offset <= longest, new.byteCount <= longest - offset else {
            return .refused("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
        }
        var bytes = padded(old, to: max(length, offset + new.byteCount))
        new.withUnsafeBytes { bytes.replaceSubrange(offset..<(offset + $0.count), with: $0) }
        return .value(bytes, Int64(bytes.count))
    }

    private static func setBit(_ old: RawSpan?, _ bit: Int, _ isSet: Bool) -> Result {
        let (place, mask) = (bit / 8, UInt8(0x80) >> UInt8(bit % 8))
        var bytes = padded(old, to: max(old?.byteCount ?? 0, place + 1))
        let wasSet = bytes[place] & mask != 0
        if wasSet == isSet, bytes.count == old?.byteCount { return .same(wasSet ? 1 : 0) }
        if isSet { bytes[place] |= mask } else { bytes[place] &= ~mask }
        return .value(bytes, wasSet ? 1 : 0)
    }

    private static func padded(_ old: RawSpan?, to count: Int) -> [UInt8] {
        var bytes = [UInt8]()
        bytes.reserveCapacity(count)
        old?.withUnsafeBytes { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: repeatElement(0, count: count - bytes.count))
        return bytes
    }
}
