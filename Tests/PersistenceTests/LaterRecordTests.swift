import Denylist
import Testing

@testable import Persistence

/// Another server's log, read when expiries in it have passed: what later records made of those entries counts.
@Suite struct LaterRecordTests {
    private static let past = ClockReading.start.wall - 1_000
    private static let later = ClockReading.start.wall + 7_200_000

    private static func log() -> [UInt8] {
        var bytes: [UInt8] = []
        func set(_ key: String, _ value: String = "x", _ expiry: Int64 = past) {
            bytes.appendSet(key, value, expiry: expiry)
        }
        func prolong(_ key: String) { bytes.append(request: "PEXPIREAT", key, "\(later)") }
        bytes.append(request: "SELECT", "0")
        set("revoked:jti:prolonged")
        prolong("revoked:jti:prolonged")
        set("revoked:jti:ended")
        bytes.append(request: "COPY", "revoked:jti:ended", "revoked:jti:copied")
        prolong("revoked:jti:copied")
        set("kept")
        bytes.append(request: "PERSIST", "kept")
        set("renamed")
        bytes.append(request: "RENAME", "renamed", "new")
        prolong("new")
        // Counted before its end: it ends with what was counted.
        set("counted", "5")
        bytes.append(request: "INCR", "counted")
        set("number", "5", later)
        bytes.append(request: "INCRBY", "number", "3")
        bytes.append(request: "DECR", "number")
        bytes.append(request: "APPEND", "number", "0")
        bytes.append(request: "SETRANGE", "number", "0", "9")
        bytes.append(request: "DECRBY", "below", "5")
        bytes.append(request: "APPEND", "fresh", "x")
        bytes.append(request: "SETRANGE", "hole", "2", "x")
        bytes.append(request: "SETBIT", "bit", "9", "1")
        bytes.append(request: "SELECT", "5")
        set("revoked:jti:five")
        prolong("revoked:jti:five")
        set("ended")
        return bytes
    }

    @Test func theyCountWhateverHasExpiredSince() throws {
        let disk = SimulatedDisk(seed: 1)
        try disk.makeDirectory("data")
        try disk.makeDirectory("data/appendonlydir")
        try disk.create("data/appendonlydir/appendonly.aof.1.incr.aof").write(Self.log().span.bytes)
        let manifest = Array("file appendonly.aof.1.incr.aof seq 1 type i\n".utf8)
        try disk.create("data/appendonlydir/appendonly.aof.manifest").write(manifest.span.bytes)
        // The second time it is our own base.
        for _ in 0..<2 {
            let denylist = Denylist.small()
            let persistence = try Persistence(
                PersistenceConfiguration(directory: "data"), denylist, files: disk, moment: { .start })
            _ = try persistence.recover()
            let found = Dictionary(
                uniqueKeysWithValues: denylist.contents.map {
                    (String(decoding: $0.key, as: UTF8.self), String(decoding: $0.value.value, as: UTF8.self))
                })
            #expect(
                found == [
                    "revoked:jti:prolonged": "x", "revoked:jti:copied": "x", "revoked:jti:five": "x", "kept": "x",
                    "new": "x", "number": "90", "below": "-5", "fresh": "x", "hole": "\0\0x", "bit": "\0@",
                ])
            for key in ["revoked:jti:prolonged", "revoked:jti:copied", "revoked:jti:five", "new", "number"] {
                #expect(denylist.contents[Array(key.utf8)]?.expiry == Self.later, "\(key)")
            }
            #expect(denylist.contents[Array("kept".utf8)]?.expiry == Expiry.never)
            // What has ended takes no room, and was reclaimed by nobody.
            #expect(denylist.statistics.entries == found.count)
            #expect(denylist.database(5)?.statistics.entries ?? 0 == 0)
            #expect(denylist.statistics.expired == 0 && denylist.statistics.expiryLag == 0)
            _ = try persistence.begin(inBackground: false)
            try persistence.perform(.rewrite)
            disk.kill()
        }
    }

    @Test(arguments: [
        ["SET k x", "INCR k"], ["SET k 9223372036854775807", "INCR k"], ["DECRBY k -9223372036854775808"],
        ["SETRANGE k -1 x"], ["SETRANGE k 536870912 x"], ["SETRANGE k 9223372036854775807 x"], ["SETBIT k 0 2"],
        ["INCRBY k"], ["APPEND k"],
    ])
    func whatNoServerHasAppliedIsDamage(_ records: [String]) {
        var bytes: [UInt8] = []
        for record in records {
            let words = record.split(separator: " ")
            bytes += "*\(words.count)\r\n".utf8
            for word in words { bytes += "$\(word.utf8.count)\r\n\(word)\r\n".utf8 }
        }
        var sink = TableSink(Denylist.small(), at: .start)
        let error = #expect(throws: FormatError.self) {
            try LogReader.read(bytes.span.bytes, ReadConfiguration(now: 0), into: &sink)
        }
        #expect(error?.code == .damaged)
    }
}
