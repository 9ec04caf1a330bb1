import Denylist
import Synchronization
import TestSupport
import Testing

@testable import Persistence

/// Keys of several databases, in the log, in its base and in other servers' files.
@Suite struct DatabaseTests {
    private static func open(_ denylist: Denylist, _ disk: SimulatedDisk) throws -> Persistence {
        try Persistence(PersistenceConfiguration(directory: "data"), denylist, files: disk, moment: { .start })
    }

    private static func all(_ denylist: Denylist) -> [Int: Contents] {
        var all: [Int: Contents] = [:]
        for (number, database) in denylist.allDatabases where !database.contents.isEmpty {
            all[number] = database.contents
        }
        return all
    }

    /// Stores and logs as the daemon does.
    private static func set(_ key: String, _ value: String, in number: Int, _ denylist: Denylist, _ log: AppendLog) {
        guard number != 0 else {
            denylist.set(Array(key.utf8), Array(value.utf8), log)
            return
        }
        let (key, value) = (Array(key.utf8), Array(value.utf8))
        let database = denylist.makeDatabase(number)
        database.update(key.span.bytes, hash: denylist.hash(of: key.span.bytes), at: .start) { entry in
            entry.store(value.span.bytes, expiry: Expiry.never)
            _ = log.append(at: .start) { group in
                group.select(number)
                group.set(key.span.bytes, value.span.bytes, expiry: Expiry.never, isGuarded: false)
            }
        }
    }

    /// The power goes at any moment while keys of four databases are written and the log is rewritten: each key comes
    /// back where it was written, with one of its values, or the last that was acknowledged.
    @Test(arguments: 0..<40) func noCutMovesARecordToAnotherDatabase(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let disk = SimulatedDisk(seed: UInt64(seed))
        var denylist = Denylist.small()
        var known: [Int: [String: String]] = [:]
        for life in 0..<4 {
            let persistence = try Self.open(denylist, disk)
            _ = try persistence.recover()
            _ = try persistence.begin(inBackground: false)
            #expect(Self.text(denylist) == known)
            for number in 0..<Int.random(in: 1..<30, using: &random) {
                let database = [0, 1, 5, 15].randomElement(using: &random)!
                let (key, value) = ("k\(Int.random(in: 0..<6, using: &random))", "\(life)-\(number)")
                Self.set(key, value, in: database, denylist, persistence.log)
                known[database, default: [:]][key] = value
                if number % 3 == 0 { persistence.log.commit(synchronously: true) }
                if Int.random(in: 0..<12, using: &random) == 0 { try persistence.perform(.rewrite) }
            }
            persistence.log.commit(synchronously: true)
            // These may be on disk or not: what is cut off is a whole record.
            for database in [7, 0, 7] { Self.set("late", "x", in: database, denylist, persistence.log) }
            persistence.log.commit(synchronously: false)
            disk.crash()
            denylist = .small()
            let check = try Self.open(denylist, disk)
            _ = try check.recover()
            disk.kill()
            let found = Self.text(denylist)
            for (database, entries) in found {
                var (entries, expected) = (entries, known[database] ?? [:])
                let late = entries.removeValue(forKey: "late")
                expected["late"] = nil
                #expect(late == nil || database == 0 || database == 7)
                #expect(entries == expected, "database \(database)")
            }
            known = found
            denylist = .small()
        }
    }

    /// Exchanges in the log, before and after a base: they are not made while a base is under way, whose entries would
    /// be some from before and some from after.
    @Test func exchangesAreReplayedOnce() throws {
        let disk = SimulatedDisk(seed: 1)
        let denylist = Denylist.small()
        let persistence = try Self.open(denylist, disk)
        _ = try persistence.recover()
        _ = try persistence.begin(inBackground: false)
        func swap(_ one: Int, _ other: Int) {
            denylist.lockDatabases { main, others in
                #expect(denylist.maySwap)
                let all = [main.asOther] + others
                all.first { $0.number == one }!.swap(with: all.first { $0.number == other }!)
                persistence.log.append(at: .start) { $0.swap(one, other) }
            }
        }
        for number in [1, 5, 15] { Self.set("k", "\(number)", in: number, denylist, persistence.log) }
        swap(1, 5)
        try persistence.perform(.rewrite)
        swap(5, 15)
        Self.set("k", "new", in: 15, denylist, persistence.log)
        persistence.log.commit(synchronously: true)
        let expected = [1: ["k": "5"], 5: ["k": "15"], 15: ["k": "new"]]
        #expect(Self.text(denylist) == expected)
        disk.kill()
        let again = Denylist.small()
        _ = try Self.open(again, disk).recover()
        #expect(Self.text(again) == expected)

        denylist.holdSwaps()
        denylist.lockDatabases { _, _ in #expect(!denylist.maySwap) }
        denylist.allowSwaps()
        denylist.lockDatabases { _, _ in #expect(denylist.maySwap) }
    }

    private static func text(_ denylist: Denylist) -> [Int: [String: String]] {
        all(denylist).mapValues { contents in
            Dictionary(
                uniqueKeysWithValues: contents.map {
                    (String(decoding: $0.key, as: UTF8.self), String(decoding: $0.value.value, as: UTF8.self))
                })
        }
    }

    /// Revocations that a stock server kept in databases 5 and 0: both are in database 0 afterwards, merged, and stay
    /// undone once they are undone.
    @Test func revocationsOfOtherDatabasesAreBroughtToDatabaseZero() throws {
        let later = ClockReading.start.wall + 7_200_000
        var bytes: [UInt8] = []
        bytes.append(request: "SELECT", "0")
        bytes.appendSet("revoked:jti:both", "logout", expiry: later)
        bytes.appendSet("revoked:sub:alice", "1700000000001", expiry: later - 1)
        bytes.append(request: "SELECT", "5")
        bytes.appendSet("revoked:jti:both", "admin", expiry: later - 1_000)
        bytes.appendSet("revoked:jti:five", "logout", expiry: later)
        bytes.appendSet("revoked:jti:undone", "logout", expiry: later)
        bytes.append(request: "DEL", "revoked:jti:undone")
        bytes.appendSet("revoked:sub:alice", "1700000000999", expiry: later)
        bytes.appendSet("revoked.terms", "{}")
        bytes.appendSet("plain", "5")
        bytes.appendSet("moved", "7", expiry: later)
        bytes.append(request: "RENAME", "moved", "renamed")
        bytes.append(request: "MOVE", "renamed", "7")
        let disk = SimulatedDisk(seed: 1)
        try disk.makeDirectory("data")
        try disk.makeDirectory("data/appendonlydir")
        try disk.create("data/appendonlydir/appendonly.aof.1.incr.aof").write(bytes.span.bytes)
        let manifest = Array("file appendonly.aof.1.incr.aof seq 1 type i\n".utf8)
        try disk.create("data/appendonlydir/appendonly.aof.manifest").write(manifest.span.bytes)
        let denylist = Denylist.small()
        let persistence = try Self.open(denylist, disk)
        #expect(try persistence.recover().strays == 4)
        let expected = [
            "revoked:jti:both": "logout", "revoked:jti:five": "logout", "revoked:sub:alice": "1700000000999",
            "revoked.terms": "{}",
        ]
        #expect(Self.text(denylist) == [0: expected, 5: ["plain": "5"], 7: ["renamed": "7"]])
        #expect(denylist.database(7)?.contents[Array("renamed".utf8)]?.expiry == later)
        for key in expected.keys where key != "revoked.terms" {
            #expect(denylist.contents[Array(key.utf8)]?.expiry == later, "\(key)")
        }
        _ = try persistence.begin(inBackground: false)
        denylist.remove(Array("revoked:jti:five".utf8), persistence.log)
        persistence.log.commit(synchronously: true)
        disk.kill()

        let again = Denylist.small()
        let next = try Self.open(again, disk)
        #expect(try next.recover().strays == 0)
        var left = expected
        left["revoked:jti:five"] = nil
        #expect(Self.text(again) == [0: left, 5: ["plain": "5"], 7: ["renamed": "7"]])
    }

    /// A Redis that ran in our directory and chose a database last: nothing of ours is written behind its `SELECT`.
    @Test func ourRecordsDoNotFollowAnotherServersSelect() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try Self.open(.small(), disk)
        _ = try first.recover()
        _ = try first.begin(inBackground: false)
        let path = try #require(first.log.writer.withLock { $0.file?.path })
        first.end()
        var bytes: [UInt8] = []
        bytes.append(request: "SELECT", "5")
        bytes.appendSet("theirs", "1")
        let file = try disk.append(to: path)
        try file.write(bytes.span.bytes)
        try file.synchronize(.batch)
        let denylist = Denylist.small()
        let next = try Self.open(denylist, disk)
        #expect(try next.recover().uncleanReason != nil)
        _ = try next.begin(inBackground: false)
        Self.set("revoked:jti:ours", "logout", in: 0, denylist, next.log)
        next.log.commit(synchronously: true)
        disk.kill()
        let again = Denylist.small()
        _ = try Self.open(again, disk).recover()
        #expect(Self.text(again) == [0: ["revoked:jti:ours": "logout"], 5: ["theirs": "1"]])
    }
}
