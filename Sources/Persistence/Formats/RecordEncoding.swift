import Denylist

/// Writes records as Redis writes them into its append-only file: requests that say what holds afterwards.
///
/// They are appended to an array that is reused: nothing is allocated once it is large enough.
enum RecordEncoding {
    /// `SET key value PXAT expiry`, or without `PXAT` if it never expires.
    /// - Parameter expiry: Unix milliseconds above 0, or ``Denylist/Expiry/never``.
    static func appendSet(_ key: RawSpan, _ value: RawSpan, expiry: Int64, to log: inout [UInt8]) {
        precondition(expiry > 0, "Redis takes no expiry below 1")
        let expires = expiry != Expiry.never
        append(atMost: 128 + key.byteCount + value.byteCount, to: &log) { record in
            record.append(expires ? "*5\r\n$3\r\nSET\r\n" : "*3\r\n$3\r\nSET\r\n")
            record.appendBulk(key)
            record.appendBulk(value)
            guard expires else { return }
            record.append("$4\r\nPXAT\r\n$")
            record.append(decimal: UInt64(Self.digits(of: UInt64(expiry))))
            record.append("\r\n")
            record.append(decimal: UInt64(expiry))
            record.append("\r\n")
        }
    }

    /// `DEL key`.
    static func appendRemove(_ key: RawSpan, to log: inout [UInt8]) {
        append(atMost: 64 + key.byteCount, to: &log) { record in
            record.append("*2\r\n$3\r\nDEL\r\n")
            record.appendBulk(key)
        }
    }

    /// `FLUSHALL`.
    static func appendRemoveAll(to log: inout [UInt8]) {
        append(atMost: 32, to: &log) { record in record.append("*1\r\n$8\r\nFLUSHALL\r\n") }
    }

    /// `MULTI` or `EXEC`: what stands between them is applied as a whole or not at all.
    static func appendGroupStart(to log: inout [UInt8]) {
        append(atMost: 32, to: &log) { record in record.append("*1\r\n$5\r\nMULTI\r\n") }
    }

    /// ``appendGroupStart(to:)``.
    static func appendGroupEnd(to log: inout [UInt8]) {
        append(atMost: 32, to: &log) { record in record.append("*1\r\n$4\r\nEXEC\r\n") }
    }

    @inline(__always)
    private static func append(atMost size: Int, to log: inout [UInt8], _ write: (inout Writer) -> Void) {
        log.append(addingCapacity: size) { output in
            output.withUnsafeMutableBufferPointer { buffer, count in
                var writer = Writer(UnsafeMutableRawBufferPointer(buffer), from: count)
                write(&writer)
                count = writer.count
            }
        }
    }

    @inline(__always)
    fileprivate static func digits(of number: UInt64) -> Int {
        var digits = 1
        var limit: UInt64 = 10
        while number >= limit {
            digits &+= 1
            guard digits < 20 else { break }
            limit &*= 10
        }
        return digits
    }
}

/// Writes into memory that is large enough for one record, which it asserts.
private struct Writer {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count: Int

    @inline(__always)
    init(_ memory: UnsafeMutableRawBufferPointer, from count: Int) {
        self.memory = memory
        self.count = count
    }

    /// Where the next `size` bytes go.
    @inline(__always)
    private mutating func take(_ size: Int) -> UnsafeMutableRawPointer {
        precondition(size <= memory.count &- count, "a record longer than the room made for it")
        defer { count &+= size }
        return memory.baseAddress.unsafelyUnwrapped + count
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        take(text.utf8CodeUnitCount).copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
    }

    @inline(__always)
    mutating func appendBulk(_ bytes: RawSpan) {
        append("$")
        append(decimal: UInt64(bytes.byteCount))
        append("\r\n")
        bytes.withUnsafeBytes { source in
            let target = take(source.count)
            if let start = source.baseAddress { target.copyMemory(from: start, byteCount: source.count) }
        }
        append("\r\n")
    }

    @inline(__always)
    mutating func append(decimal number: UInt64) {
        let size = RecordEncoding.digits(of: number)
        let target = take(size)
        var rest = number
        var offset = size
        repeat {
            offset &-= 1
            target.storeBytes(
                of: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10), toByteOffset: offset, as: UInt8.self)
            rest /= 10
        } while rest > 0
    }
}
