import Denylist

/// Writes records as Redis writes them into its append-only file: requests that say what holds afterwards.
///
/// They are appended to an array that is reused: nothing is allocated once it is large enough.
enum RecordEncoding {
    /// `SET key value PXAT expiry`, or without `PXAT` if it never expires.
    /// - Parameter expiry: Unix milliseconds above 0, or ``Denylist/Expiry/never``.
    @inline(__always)
    static func appendSet(_ key: RawSpan, _ value: RawSpan, expiry: Int64, to log: inout [UInt8]) {
        precondition(expiry > 0, "Redis takes no expiry below 1")
        log.append(atMost: 128 + key.byteCount + value.byteCount) { record in
            if expiry == Expiry.never {
                record.append("*3\r\n$3\r\nSET\r\n")
                record.append(bulk: key)
                record.append(bulk: value)
                return
            }
            record.append("*5\r\n$3\r\nSET\r\n")
            record.append(bulk: key)
            record.append(bulk: value)
            record.append("$4\r\nPXAT\r\n")
            record.append(bulkDecimal: UInt64(expiry))
        }
    }

    /// `DEL key`.
    static func appendRemove(_ key: RawSpan, to log: inout [UInt8]) {
        log.append(atMost: 64 + key.byteCount) { record in
            record.append("*2\r\n$3\r\nDEL\r\n")
            record.append(bulk: key)
        }
    }

    /// `FLUSHALL`.
    static func appendRemoveAll(to log: inout [UInt8]) {
        log.append(atMost: 32) { record in record.append("*1\r\n$8\r\nFLUSHALL\r\n") }
    }

    /// `MULTI`: what follows up to ``appendGroupEnd(to:)`` is applied as a whole or not at all. A group lies in one
    /// batch.
    static func appendGroupStart(to log: inout [UInt8]) {
        log.append(atMost: 32) { record in record.append("*1\r\n$5\r\nMULTI\r\n") }
    }

    /// `EXEC`: ``appendGroupStart(to:)``.
    static func appendGroupEnd(to log: inout [UInt8]) {
        log.append(atMost: 32) { record in record.append("*1\r\n$4\r\nEXEC\r\n") }
    }
}

extension ByteWriter {
    @inline(__always)
    fileprivate mutating func append(bulk bytes: RawSpan) {
        append("$")
        append(decimal: UInt64(bytes.byteCount))
        append("\r\n")
        append(bytes)
        append("\r\n")
    }

    @inline(__always)
    fileprivate mutating func append(bulkDecimal number: UInt64) {
        // Any time from 2001 to 2286 has 13 digits.
        if number >= 1_000_000_000_000, number < 10_000_000_000_000 {
            append("$13\r\n")
        } else {
            append("$")
            append(decimal: UInt64(String(number).utf8.count))
            append("\r\n")
        }
        append(decimal: number)
        append("\r\n")
    }
}
