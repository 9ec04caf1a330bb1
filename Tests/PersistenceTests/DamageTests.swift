import Denylist
import Testing

@testable import Persistence

/// Files broken by hand, in a directory of a base, and a log of more than 200 records that was ended in order.
@Suite struct DamageTests {
    /// What a directory holds, and what the table was after each batch.
    private struct Sample {
        let disk = SimulatedDisk(seed: 1)
        var states: [Contents] = []
        var names: [String] = []

        init() throws {
            let denylist = Denylist.small()
            let persistence = try Sample.open(disk, denylist)
            _ = try persistence.recover()
            _ = try persistence.begin(inBackground: false)
            for number in 0..<5 { denylist.set(Array("base \(number)".utf8), [1], persistence.log) }
            try persistence.perform(.rewrite)
            states = [denylist.contents]
            for number in 0..<204 {
                let key = Array("k\(number % 40)".utf8)
                if number % 5 == 4 {
                    denylist.remove(key, persistence.log)
                } else {
                    denylist.set(key, Array("\(number)".utf8), expiry: ClockReading.start.wall + 1_000, persistence.log)
                }
                if number % 12 == 11 { persistence.log.commit(synchronously: true) }
                // A torn tail may keep single records of a batch.
                states.append(denylist.contents)
            }
            persistence.end()
            names = try disk.list("data/appendonlydir").map { "data/appendonlydir/\($0)" }
        }

        static func open(_ disk: SimulatedDisk, _ denylist: Denylist) throws -> Persistence {
            try Persistence(PersistenceConfiguration(directory: "data"), denylist, files: disk, moment: { .start })
        }

        /// What a start makes of the directory with one file replaced.
        func start(_ name: String, _ bytes: [UInt8]) -> Result<Contents, PersistenceError> {
            let original = disk.replace(name, bytes)
            defer { disk.replace(name, original) }
            let denylist = Denylist.small()
            do throws(PersistenceError) {
                // A start cuts the file, so it gets a copy.
                let persistence = try Persistence(
                    PersistenceConfiguration(directory: "data"), denylist, files: disk, moment: { .start })
                _ = try persistence.recover()
                return .success(denylist.contents)
            } catch {
                return .failure(error)
            }
        }
    }

    private static let kinds = ["base.rdb", "incr.aof", "manifest"]

    @Test(arguments: kinds) func aFileCutShortIsACleanPrefixOrRefused(_ kind: String) throws {
        let sample = try Sample()
        let name = try #require(sample.names.first { $0.hasSuffix(kind) })
        let bytes = try sample.disk.contents(of: name).withBytes { $0.bytes }
        var wrong: [Int] = []
        for length in 0..<bytes.count {
            switch sample.start(name, Array(bytes[..<length])) {
            case .success(let contents):
                if kind != "incr.aof" || !sample.states.contains(contents) { wrong.append(length) }
            case .failure(let error): if !Self.saysWhere(error, name) { wrong.append(length) }
            }
        }
        #expect(wrong == [])
    }

    @Test(arguments: kinds) func oneFlippedBitChangesNothingOrIsRefused(_ kind: String) throws {
        let sample = try Sample()
        let name = try #require(sample.names.first { $0.hasSuffix(kind) })
        let bytes = try sample.disk.contents(of: name).withBytes { $0.bytes }
        let whole = try #require(sample.states.last)
        var wrong: [Int] = []
        for offset in bytes.indices {
            var broken = bytes
            broken[offset] ^= 1 << (offset % 8)
            switch sample.start(name, broken) {
            case .success(let contents): if contents != whole { wrong.append(offset) }
            case .failure(let error): if !Self.saysWhere(error, name) { wrong.append(offset) }
            }
        }
        #expect(wrong == [])
    }

    private static func saysWhere(_ error: PersistenceError, _ name: String) -> Bool {
        error.message.contains(name)
            && (error.message.contains("at byte ") || error.code == .missing && name.hasSuffix("manifest"))
    }

    @Test func aMissingFileStopsTheStart() throws {
        let sample = try Sample()
        try #require(sample.names.count == 3)
        for name in sample.names {
            let bytes = try sample.disk.contents(of: name).withBytes { $0.bytes }
            try sample.disk.remove(name)
            #expect {
                _ = try Sample.open(sample.disk, .small()).recover()
            } throws: { ($0 as? PersistenceError)?.code == .missing }
            try sample.disk.create(name).write(bytes.span.bytes)
        }
    }

    @Test func aRepairCutsAtTheFirstBadRecordAndLeavesAReason() throws {
        let sample = try Sample()
        let name = try #require(sample.names.first { $0.hasSuffix("incr.aof") })
        var bytes = try sample.disk.contents(of: name).withBytes { $0.bytes }
        bytes[bytes.count / 2] ^= 4
        sample.disk.replace(name, bytes)
        let check = try LogCheck(directory: "data", now: ClockReading.start.wall, files: sample.disk)
        let finding = try #require(check.findings.first)
        #expect(check.findings.count == 1 && finding.kind == .damaged && finding.offset <= bytes.count / 2)
        let kept = try check.repair()
        #expect(try sample.disk.contents(of: "data/appendonlydir/\(kept[0])").count == bytes.count - finding.offset)
        #expect(try LogCheck(directory: "data", now: ClockReading.start.wall, files: sample.disk).findings == [])
        let denylist = Denylist.small()
        let report = try Sample.open(sample.disk, denylist).recover()
        #expect(report.uncleanReason == "the log was repaired")
        #expect(sample.states.contains(denylist.contents))
    }

    @Test func aRepairOfTheBaseKeepsWhatIsReadable() throws {
        let sample = try Sample()
        let name = try #require(sample.names.first { $0.hasSuffix("base.rdb") })
        var bytes = try sample.disk.contents(of: name).withBytes { $0.bytes }
        bytes[bytes.count - 1] ^= 1
        sample.disk.replace(name, bytes)
        _ = try LogCheck(directory: "data", now: ClockReading.start.wall, files: sample.disk).repair()
        let denylist = Denylist.small()
        #expect(try Sample.open(sample.disk, denylist).recover().uncleanReason != nil)
        #expect(denylist.contents == sample.states.last)
    }
}
