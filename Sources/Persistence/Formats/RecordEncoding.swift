import Denylist

/// Writes records as Redis writes them to its append-only file: as commands that set the resulting state.
///
/// They are appended to a reused array, so nothing is allocated once it is large enough.
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

    /// `SELECT database`, in lower case: in upper case it shows that another server has written to the log. Only groups
    /// contain one. They return to database 0, so that no cut leaves a later record in another database.
    static func appendSelect(_ database: Int, to log: inout [UInt8]) {
        log.append(atMost: 64) { record in
            record.append("*2\r\n$6\r\nselect\r\n")
            record.append(bulkDecimal: UInt64(database))
        }
    }

    /// `SWAPDB database other`.
    static func appendSwap(_ database: Int, _ other: Int, to log: inout [UInt8]) {
        log.append(atMost: 96) { record in
            record.append("*3\r\n$6\r\nSWAPDB\r\n")
            record.append(bulkDecimal: UInt64(database))
            record.append(bulkDecimal: UInt64(other))
        }
    }

    /// `FLUSHDB`.
    static func appendRemoveDatabase(to log: inout [UInt8]) {
        log.append(atMost: 32) { record in record.append("*1\r\n$7\r\nFLUSHDB\r\n") }
    }

    /// `FLUSHALL`.
    static func appendRemoveAll(to log: inout [UInt8]) {
        log.append(atMost: 32) { record in record.append("*1\r\n$8\r\nFLUSHALL\r\n") }
    }

    /// `PING`, for replicas.
    static func appendPing(to log: inout [UInt8]) {
        log.append(atMost: 32) { record in record.append("*1\r\n$4\r\nPING\r\n") }
    }

    /// `REPLCONF GETACK *`, for replicas.
    static func appendGetAcknowledgement(to log: inout [UInt8]) {
        log.append(atMost: 64) { record in record.append("*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n") }
    }

    /// `MULTI`: the records up to ``appendGroupEnd(to:)`` are applied together or not at all. A group is part of one
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
        // Times from 2001 to 2286 have 13 digits.
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
