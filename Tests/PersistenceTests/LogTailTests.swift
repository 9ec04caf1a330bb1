import Denylist
import Synchronization
import Testing

@testable import Persistence

/// Reading the log behind its writer.
@Suite struct LogTailTests {
    private let disk = SimulatedDisk(seed: 1)
    private let life: Lifetime
    /// The position after each write.
    private var positions: [UInt64] = []
    private var log: AppendLog { life.log }

    /// Four megabytes in one file.
    init() throws {
        life = Lifetime(disk)
        _ = try life.recover(.always)
        _ = try life.begin()
        let value = [UInt8](repeating: 120, count: 1_000)
        for number in 0..<4_000 { positions.append(life.denylist.set(Array("\(number)".utf8), value, life.log)) }
        life.log.commit()
    }

    private struct Nothing: Error {}

    private func tail(from position: UInt64) throws -> LogTail {
        guard let tail = log.tail(of: log.stretchID, from: position) else { throw Nothing() }
        return tail
    }

    /// The thread that feeds one replica feeds the others, too.
    @Test func thePositionIsApproachedStepByStep() throws {
        let begun = disk.bytesRead
        var tail = try tail(from: positions[3_900])
        var steps = 0
        var before = disk.bytesRead
        #expect(before - begun < 1 << 17)
        while tail.approach() == .underWay {
            steps += 1
            #expect((1..<2 << 20).contains(disk.bytesRead - before))
            before = disk.bytesRead
        }
        let (approach, start) = (tail.approach(), tail.position)
        #expect(steps >= 2 && approach == .done && start == positions[3_900])
        let (record, end) = (try tail.next(atMost: 1), tail.position)
        #expect(String(decoding: record, as: UTF8.self).contains("3901") && end == positions[3_901])
    }

    @Test func onlyARecordCanBeApproached() throws {
        func approach(_ position: UInt64) -> LogTail.Approach? {
            guard var tail = log.tail(of: log.stretchID, from: position) else { return nil }
            while true {
                let approach = tail.approach()
                if approach != .underWay { return approach }
            }
        }
        #expect(approach(1) == .done && approach(positions[0]) == .done && approach(positions[3_999]) == .done)
        #expect(approach(positions[2_000] - 1) == .impossible && approach(2) == .impossible)
        #expect(approach(0) == nil, "no record is there")
        #expect(approach(positions[3_999] + 1) == nil)
        let isFound = log.tail(of: String(repeating: "a", count: 40), from: 0) != nil
        #expect(!isFound)
    }

    /// Followers apply a record while the disk makes it durable; nobody is answered before that.
    @Test func aRecordIsReadBeforeItIsDurable() throws {
        let (log, before) = (log, positions[3_999])
        let seen = Mutex<[(readable: UInt64, acknowledged: UInt64, records: [UInt8])]>([])
        log.observeWrites {
            guard var tail = log.tail(of: log.stretchID, from: before) else { return }
            while tail.approach() == .underWay {}
            let records = (try? tail.next(atMost: 1_000)) ?? []
            seen.withLock { $0.append((log.streamEnd, log.acknowledged, records)) }
        }
        let end = life.denylist.set(Array("new".utf8), [120], log)
        #expect(log.streamEnd == before && end > before)
        log.commit()
        let all = seen.withLock { $0 }
        try #require(all.count == 1)
        #expect(all[0].readable == end && all[0].acknowledged == before && log.acknowledged == end)
        #expect(UInt64(all[0].records.count) == end - before)
    }

    /// What takes something away is read when it is durable, and not before: if the disk lost it, the revocation would
    /// be back that a follower has forgotten.
    @Test func anUndoIsReadOnceItIsDurable() throws {
        let log = log
        let seen = Mutex<[UInt64]>([])
        log.observeWrites { seen.withLock { $0.append(log.streamEnd) } }
        let key = Array("1".utf8)
        let undos: [() -> Void] = [
            { log.append(remove: key.span.bytes) },
            { log.append(at: nil) { $0.remove(key.span.bytes) } },
            { log.append(at: nil) { $0.removeAll() } },
            { log.append(at: nil) { $0.removeDatabase() } },
            { log.append(at: nil) { $0.swap(1, 2) } },
            { _ = log.appendGroup { log.append(remove: key.span.bytes) } },
        ]
        for (number, undo) in undos.enumerated() {
            undo()
            _ = life.denylist.set(Array("behind it".utf8), [120], log)
            log.commit()
            #expect(seen.withLock { $0 } == [] && log.streamEnd == log.end, "undo \(number)")
        }
        log.append(remove: key.span.bytes, isExpired: true)
        log.commit()
        #expect(seen.withLock { $0 } == [log.end], "nobody misses what has expired")
    }

    /// A file whose name is gone meanwhile is read no further than it goes.
    @Test func aRewriteOnTheWayMakesItImpossible() throws {
        var tail = try tail(from: positions[3_900])
        let before = tail.approach()
        #expect(before == .underWay)
        let persistence = try #require(life.persistence)
        let rewrite = Rewrite(
            denylist: life.denylist, log: log, epochFile: persistence.epochFile, moment: { .start }, pause: {})
        try persistence.directory.withLock { try rewrite.compact(&$0!) }
        let after = tail.approach()
        #expect(after == .impossible)
        let isFound = log.tail(of: log.stretchID, from: positions[3_900]) != nil
        #expect(!isFound)
        // What there is now is the whole table, and the records behind it.
        guard let copy = log.copy() else { throw Nothing() }
        let (start, position) = (try copy.base.read(at: 0, 5), copy.tail.position)
        #expect(start == Array("REDIS".utf8) && position == positions[3_999])
    }
}
