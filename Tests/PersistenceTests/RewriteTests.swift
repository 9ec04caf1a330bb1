import Denylist
import Synchronization
import TestSupport
import Testing

@testable import Persistence

/// Base and log replayed are the live table, whatever happened during the walk.
@Suite struct RewriteTests {
    /// The walk sees a table that grows, shrinks and reclaims at each step; then the log is cut at many places.
    @Test(arguments: 0..<6) func baseAndLogAreTheTableAtEveryCut(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let disk = SimulatedDisk(seed: seed)
        let denylist = Denylist.small(shards: [1, 4][Int(seed % 2)])
        let persistence = try Persistence(
            PersistenceConfiguration(directory: "data"), denylist, files: disk, moment: { .start })
        _ = try persistence.recover()
        _ = try persistence.begin(inBackground: false)
        let log = persistence.log
        var number = 0
        func add(_ count: Int) {
            for _ in 0..<count {
                number += 1
                let isToken = number % 2 == 0
                let key = isToken ? "revoked:jti:\(Self.uuid(&random))" : "plain \(number)"
                // Some have expired, and are there to be reclaimed.
                let expiry = ClockReading.start.wall + [1_000_000, -200_000].randomElement(using: &random)!
                let expiring = Bool.random(using: &random)
                denylist.set(Array(key.utf8), Array("v\(number)".utf8), expiry: expiring ? expiry : Expiry.never, log)
            }
        }
        func remove(_ count: Int) {
            for key in denylist.contents.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }).prefix(count) {
                denylist.remove(key, log)
            }
        }
        add(1_500)
        log.commit(synchronously: true)

        // Growing first, then shrinking.
        var step = 0
        var rewrite = Rewrite(
            denylist: denylist, log: log, epochFile: persistence.epochFile, moment: { .start },
            pause: {
                step += 1
                if step % 12 < 6 { add(60) } else { remove(80) }
                if step % 5 == 0 { denylist.reclaim(slots: 2_000, at: .start) }
                log.commit(synchronously: step % 3 == 0)
            })
        rewrite.stepBytes = 40 * 40
        try persistence.directory.withLock { try rewrite.compact(&$0!) }
        #expect(step > 20)

        // From here on each state must come back when the log ends there.
        var cuts: [(Int, Contents)] = []
        let path = log.writer.withLock { $0.file?.path } ?? ""
        for _ in 0..<12 {
            cuts.append((try disk.contents(of: path).count, denylist.contents))
            add(5)
            remove(3)
            log.commit(synchronously: true)
        }
        let whole = try disk.contents(of: path).withBytes { $0.bytes }
        for (size, contents) in cuts {
            disk.replace(path, Array(whole[..<size]))
            let copy = Denylist.small()
            _ = try Persistence(
                PersistenceConfiguration(directory: "data"), copy, files: disk, moment: { .start }
            ).recover()
            #expect(copy.contents == contents)
        }
    }

    /// What a restart finds is not what the last rewrite left: a log that grows a little between restarts is rewritten
    /// as one that grows at once.
    @Test func restartsDoNotPostponeRewrites() throws {
        let disk = SimulatedDisk(seed: 1)
        var configuration = PersistenceConfiguration(directory: "data")
        configuration.rewriteMinimum = 10_000
        var rewrites = 0
        for life in 0..<10 {
            let denylist = Denylist.small()
            let persistence = try Persistence(configuration, denylist, files: disk, moment: { .start })
            _ = try persistence.recover()
            _ = try persistence.begin(inBackground: false)
            // The same key again and again: a base has it once.
            for number in 0..<40 {
                denylist.set(Array("key".utf8), Array("\(life) \(number)".utf8), persistence.log)
            }
            persistence.log.commit(synchronously: true)
            persistence.runPeriodic()
            rewrites += persistence.information.rewrites
            #expect(persistence.information.size < 15_000)
            persistence.end()
        }
        #expect((1...4).contains(rewrites))
    }

    enum Renaming: CaseIterable { case start, rewrite, newLog }

    /// A network file system may lose the answer to a renaming that is done, and report an error. No file is removed
    /// that the manifest may name since then.
    @Test(arguments: Renaming.allCases) func aRenamingThatIsDoneThoughItFailsLosesNothing(_ kind: Renaming) throws {
        var failures = 0
        for step in 0..<60 {
            for goesOn in [false, true] {
                let disk = SimulatedDisk(seed: 1)
                func fail() {
                    disk.failure = (step, 5)
                    disk.failuresAreDone = true
                }
                let denylist = Denylist.small()
                let persistence = try Persistence(
                    PersistenceConfiguration(directory: "data"), denylist, files: disk, moment: { .start })
                _ = try persistence.recover()
                if kind == .start { fail() }
                let hasBegun = (try? persistence.begin(inBackground: false)) != nil
                if hasBegun {
                    let log = persistence.log
                    denylist.set(Array("before".utf8), [1], log)
                    disk.failingSyncs = kind == .newLog
                    log.commit(synchronously: true)
                    disk.failingSyncs = false
                    if kind != .start { fail() }
                    if kind == .rewrite, (try? persistence.perform(.rewrite)) == nil { failures += 1 }
                    if kind == .newLog {
                        persistence.runPeriodic(at: .now + .seconds(3600))
                        if log.refusesWrites { failures += 1 }
                    }
                    disk.failure = nil
                    if log.refusesWrites { persistence.runPeriodic(at: .now + .seconds(7200)) }
                    if goesOn {
                        try persistence.perform(.rewrite)
                        #expect(try disk.list("data/appendonlydir").count == 3, "nothing is left behind")
                    }
                    let position = denylist.set(Array("after".utf8), [2], log)
                    log.commit(synchronously: true)
                    #expect(log.durable >= position)
                } else {
                    failures += 1
                }
                disk.kill()
                let copy = Denylist.small()
                let next = try Persistence(
                    PersistenceConfiguration(directory: "data"), copy, files: disk, moment: { .start })
                _ = try next.recover()
                #expect(copy.contents == denylist.contents || !hasBegun, "step \(step)")
                _ = try next.begin(inBackground: false)
                next.end()
            }
        }
        #expect(failures >= 10)
    }

    static func uuid(_ random: inout SeededGenerator) -> String {
        func hex(_ digits: Int) -> String {
            let text = String(random.next() >> UInt64(64 - digits * 4), radix: 16)
            return String(repeating: "0", count: digits - text.count) + text
        }
        return "\(hex(8))-\(hex(4))-\(hex(4))-\(hex(4))-\(hex(12))"
    }
}
