import Denylist
import RESP
import Testing

@testable import Persistence

/// Records as servers write them into logs, old ones included.
struct RecordReaderTests {
    private func read(_ requests: [[String]], skipsUnsupported: Bool = false) throws(FormatError) -> RecordingSink {
        var bytes: [UInt8] = []
        for words in requests {
            bytes += "*\(words.count)\r\n".utf8
            for word in words { bytes += "$\(word.utf8.count)\r\n\(word)\r\n".utf8 }
        }
        return try bytes.readLog(skipsUnsupported: skipsUnsupported).sink
    }

    private func read(_ lines: String..., skipsUnsupported: Bool = false) throws(FormatError) -> RecordingSink {
        try read(lines.map { $0.split(separator: " ").map(String.init) }, skipsUnsupported: skipsUnsupported)
    }

    /// The tests' clock stands at 1,000,000 ms.
    @Test(arguments: [
        ("SET k v PXAT 5", 5), ("set k v exat 5", 5000), ("SET k v PX 5", 1_000_005), ("SET k v EX 5", 1_005_000),
        ("SETEX k 5 v", 1_005_000), ("PSETEX k 5 v", 1_000_005), ("SET k v", Expiry.never), ("SETNX k v", Expiry.never),
        ("GETSET k v", Expiry.never), ("MSET k v", Expiry.never), ("SET k v NX PXAT 7", 7),
        ("SET k v XX", Expiry.never),
        ("MSETEX 1 k v PXAT 9", 9), ("SET k v PXAT 5 GET", 5),
    ])
    func writes(_ record: String, _ expiry: Int64) throws {
        #expect(try read(record).entries == ["k": .init(value: "v", expiry: expiry)])
    }

    /// The short way to read the usual record says what the parser says, or nothing.
    @Test func theShortWayIsTheLongOne() {
        var bytes: [UInt8] = []
        bytes.appendSet("revoked:jti:0", "logout", expiry: 1_800_000_000_000)
        let whole = SetRecord(bytes.span.bytes, at: 0, before: bytes.count)
        #expect(whole?.end == bytes.count && whole?.expiry == 1_800_000_000_000)
        for length in 0..<bytes.count {
            let isFound = SetRecord(bytes.span.bytes, at: 0, before: length) != nil
            #expect(!isFound, "of \(length) bytes")
        }
        let parser = RequestParser(limits: RequestLimits(maximumBulk: 1 << 20, maximumArguments: 10))
        for offset in bytes.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = bytes
                changed[offset] = byte
                guard let record = SetRecord(changed.span.bytes, at: 0, before: changed.count) else { continue }
                var batch = RequestBatch()
                guard case .request(record.end) = parser.parse(changed.span.bytes, from: 0, into: &batch) else {
                    Issue.record("byte \(offset) as \(byte)")
                    continue
                }
                #expect(batch.argumentCount == 5 && batch.argument(1).range == record.key)
                #expect(batch.argument(2).range == record.value)
                let expiry = String(decoding: changed[batch.argument(4).range], as: UTF8.self)
                #expect(Int64(expiry) == record.expiry)
            }
        }
    }

    @Test(arguments: [
        ("PEXPIREAT k 5", 5), ("EXPIREAT k 5", 5000), ("EXPIRE k 5", 1_005_000), ("PEXPIRE k -5", 999_995),
        ("PERSIST k", Expiry.never), ("GETEX k PERSIST", Expiry.never), ("GETEX k PXAT 5", 5), ("GETEX k", 77),
        ("SET k v KEEPTTL", 77), ("PEXPIREAT k -5", -5),
    ])
    func expiries(_ record: String, _ expiry: Int64) throws {
        #expect(try read("SET k v PXAT 77", record).entries == ["k": .init(value: "v", expiry: expiry)])
    }

    @Test(arguments: ["DEL k", "UNLINK a k b", "GETDEL k", "FLUSHALL", "FLUSHDB ASYNC", "DELEX k"])
    func removals(_ record: String) throws { #expect(try read("SET k v", record).entries.isEmpty) }

    @Test(arguments: [
        "SET k", "SET k v PXAT", "SET k v PXAT x", "SET k v PXAT 0", "SET k v EX 9223372036854775807", "SETEX k v",
        "MSET k", "MSETEX 9 k v", "EXPIRE k", "EXPIREAT k 9223372036854775807", "DEL", "SELECT", "SELECT x", "EXEC",
    ])
    func damagedRecords(_ record: String) {
        #expect(throws: FormatError.self) { try read("SET a b", record) }
        let error = #expect(throws: FormatError.self) { try read("SET a b", record, "SET a b") }
        #expect(error?.code == .damaged && error?.offset == 27)
    }

    @Test(arguments: [
        "RESTORE k 0 x", "EVAL x 0",
        "SORT a STORE b",
        "LPUSH k v", "SELECT 16", "SELECT -1", "SET k v IFEQ 3",
    ])
    func refusesByName(_ record: String) {
        let error = #expect(throws: FormatError.self) { try read(record) }
        #expect(error?.code == .unsupported && error?.offset == 0)
    }

    @Test func passesOverOtherTypesAndDatabases() throws {
        let sink = try read(
            "SET k v", "LPUSH l 1", "SELECT 16", "SET k other", "FLUSHDB", "SELECT 0", "HSET h a b", "SET j v",
            skipsUnsupported: true)
        #expect(sink.entries.keys.sorted() == ["j", "k"] && sink.entries["k"]?.value == "v")
        #expect(throws: FormatError.self) { try read("RESTORE k 0 x", skipsUnsupported: true) }
    }

    /// Each key that is written is named, wherever it stands: one of them may be a revocation.
    @Test func namesEveryKeyThatItPassesOver() throws {
        let sink = try read(
            "SMOVE s t m", "LMOVE l m LEFT LEFT", "SADD u n", "SELECT 17", "MSET a 1 b 2", "MSETEX 2 c 1 d 2 PX 9",
            "RENAME e f",
            "COPY g h", "COPY i j DB 18", "MOVE k 19", "DEL l m", "FLUSHDB ASYNC", "PEXPIREAT o 9", "SET p 1",
            skipsUnsupported: true)
        #expect(
            sink.skipped == ["s", "t", "l", "m", "u", "a", "b", "c", "d", "f", "h", "j", "k", "o", "p"]
                && sink.entries.isEmpty)
    }

    /// What comes from a database that is not read into one that is cannot be known.
    @Test(arguments: ["COPY k j DB 0", "COPY k j db 15 REPLACE", "MOVE k 3"])
    func aKeyOfADatabaseThatIsNotReadIsNotPassedOver(_ record: String) {
        let error = #expect(throws: FormatError.self) { try read("SELECT 17", record, skipsUnsupported: true) }
        #expect(error?.code == .unsupported)
    }

    @Test func everyRecordIsTheSelectedDatabases() throws {
        let sink = try read(
            "SET k zero", "SELECT 15", "SET k other PXAT 1800000000000", "SET j other", "DEL j", "MULTI", "SELECT 3",
            "SET k three", "EXEC", "SET l three", "SELECT 15", "SET m 1", "SELECT 3", "FLUSHDB", "SET n three")
        #expect(
            sink.all == [
                "0:k": .init(value: "zero", expiry: Expiry.never), "15:m": .init(value: "1", expiry: Expiry.never),
                "15:k": .init(value: "other", expiry: 1_800_000_000_000),
                "3:n": .init(value: "three", expiry: Expiry.never),
            ])
        #expect(try read("SET k v", "SELECT 3", "SET k v", "FLUSHALL", "SET k w").all.keys.sorted() == ["3:k"])
    }

    @Test func keysThatMoveKeepValueAndExpiry() throws {
        let sink = try read(
            "SET a 1 PXAT 77", "RENAME a b", "COPY b c", "COPY b b DB 3 REPLACE", "SELECT 3", "SET d 3", "MOVE d 0",
            "SWAPDB 3 4")
        let moved = RecordingSink.Entry(value: "1", expiry: 77)
        #expect(sink.all == ["0:b": moved, "0:c": moved, "4:b": moved, "0:d": .init(value: "3", expiry: Expiry.never)])
        #expect(throws: FormatError.self) { try read("SET a 1", "MOVE a 16") }
        #expect(throws: FormatError.self) { try read("SET a 1", "COPY a b DB") }
    }

    @Test func aDamagedNameIsNotPrinted() {
        let error = #expect(throws: FormatError.self) { try read(["eyJhbGciOi.token", "x"]) }
        #expect(error?.reason.contains("eyJ") == false)
        #expect(error?.reason.lowercased().contains("token") == false)
    }

    @Test func onlyAnIncompleteRecordIsATornTailOfRedisOwn() throws {
        let whole = Array("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n#TS:17\r\n*2\r\n$3\r\nDEL\r\n$1\r\nj\r\n".utf8)
        #expect(try whole.readLog().end.torn == nil)
        for count in 1..<whole.count {
            let end = try Array(whole[..<count]).readLog().end
            #expect(end.offset <= count && end.chain == nil)
        }
        #expect(throws: FormatError.self) { try (whole + [0, 0, 0]).readLog() }
        #expect(throws: FormatError.self) { try (whole + Array("*0\r\n".utf8)).readLog() }
        #expect(throws: FormatError.self) { try (whole + Array("SET a b\r\n".utf8)).readLog() }
    }

    private func read(_ requests: [String]...) throws(FormatError) -> RecordingSink { try read(requests) }
}
