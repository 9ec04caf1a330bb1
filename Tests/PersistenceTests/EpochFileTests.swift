import Denylist
import Synchronization
import Testing

@testable import Persistence

/// The epoch stands in a file of its own, says what it replaces until that is accepted, and never comes back with less
/// than what was acknowledged under it.
@Suite struct EpochFileTests {
    static let key = Array("revoked:jti:a".utf8)
    static let path = "data/revoked.epoch"

    static func open(
        _ disk: SimulatedDisk, _ denylist: Denylist = .small(), directory: String = "data", isLogging: Bool = true,
        policy: SyncPolicy = .always
    ) throws -> (Persistence, RecoveryReport) {
        var configuration = PersistenceConfiguration(directory: directory)
        configuration.isLogging = isLogging
        configuration.policy = policy
        let persistence = try Persistence(configuration, denylist, files: disk, moment: { .start })
        return (persistence, try persistence.recover())
    }

    /// One life.
    @discardableResult
    static func live(
        _ disk: SimulatedDisk, directory: String = "data", isLogging: Bool = true, policy: SyncPolicy = .always,
        endsInOrder: Bool = true,
        _ body: (Denylist, Persistence, EpochRecord) throws -> Void = { _, _, _ in }
    ) throws -> EpochRecord {
        let denylist = Denylist.small()
        let (persistence, _) = try open(
            disk, denylist, directory: directory, isLogging: isLogging, policy: policy)
        let (epoch, _) = try persistence.begin(inBackground: false)
        try body(denylist, persistence, epoch)
        if endsInOrder { persistence.end() }
        disk.kill()
        return epoch
    }

    // MARK: The file

    @Test(arguments: [
        LogPosition.new, .memory, .any, .at(salt: .max, offset: 1 << 48), .at(salt: 1, offset: 0, next: .max),
    ]) func theFileReadsBackAndNoFlippedBitIsBelieved(_ position: LogPosition) throws {
        let long = String(repeating: "x", count: EpochRecord.maximumLength)
        for record in [
            EpochRecord(), EpochRecord().replaced(), EpochRecord().replaced().accepted(),
            EpochRecord(epoch: long, predecessor: long, isAccepted: true),
        ] {
            let contents = EpochFileContents(record: record, position: position, birth: "9223372036854775807.999999999")
            let bytes = contents.encode()
            #expect(bytes.count == EpochFileContents.size)
            let read = try EpochFileContents(decoding: bytes.span.bytes)
            #expect(read == contents)
            for index in bytes.indices {
                var wrong = bytes
                wrong[index] ^= 1 << (index % 8)
                #expect(throws: FormatError.self) { try EpochFileContents(decoding: wrong.span.bytes) }
            }
            #expect(throws: FormatError.self) { try EpochFileContents(decoding: Array(bytes.dropLast()).span.bytes) }
        }
    }

    @Test func theDaemonsOwnKeysAreKnownByName() {
        func isOwn(_ key: [UInt8]) -> Bool { OwnKeys.has(key.span.bytes) }
        for key in OwnKeys.all { #expect(isOwn(key)) }
        for other in ["revoked.epoch!", "Revoked.epoch", "revoked.acceptef", "revoked.terms", ""] {
            #expect(!isOwn(Array(other.utf8)))
        }
    }

    @Test func aDamagedFileStopsTheStartAndSaysWhatToDo() throws {
        let disk = SimulatedDisk(seed: 1)
        let before = try Self.live(disk)
        disk.replace(Self.path, Array("of no use".utf8))
        #expect {
            _ = try Self.open(disk)
        } throws: { ($0 as? PersistenceError)?.message.contains("revoked check-log --new-epoch data") == true }
        let check = try LogCheck(directory: "data", now: ClockReading.start.wall, files: disk)
        #expect(check.isEpochDamaged)
        let renewed = try check.renewEpoch()
        #expect(renewed.isPending && renewed.predecessor == EpochRecord.unknownEpoch && renewed.epoch != before.epoch)
        #expect(try Self.live(disk) == renewed)
    }

    /// A stock server that reads the directory finds no epoch in it.
    @Test func theEpochIsInNoLogAndNoSnapshot() throws {
        let disk = SimulatedDisk(seed: 1)
        try Self.live(disk) { denylist, persistence, epoch in
            // As the daemon shows it.
            for key in OwnKeys.all {
                denylist.update(key.span.bytes, hash: denylist.hash(of: key.span.bytes), at: .start) {
                    $0.store(Array(epoch.text.utf8).span.bytes, expiry: Expiry.never)
                }
            }
            denylist.set(Self.key, [1], persistence.log)
            try persistence.perform(.rewrite)
            try persistence.perform(.save(isInBackground: false))
        }
        let names = try disk.list("data/appendonlydir")
        #expect(names.contains { $0.hasSuffix("base.rdb") } && names.contains { $0.hasSuffix("incr.aof") })
        for name in names.map({ "data/appendonlydir/\($0)" }) + ["data/dump.rdb"] {
            let bytes = try disk.contents(of: name).withBytes { $0.bytes }
            #expect(!String(decoding: bytes, as: UTF8.self).contains("revoked."), "\(name)")
        }
    }

    // MARK: Earlier releases

    /// A log in which the epoch is a key like any other.
    private static func earlierRelease(_ epoch: String) throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        try live(disk) { denylist, persistence, _ in
            for (key, value) in zip(OwnKeys.all, [epoch, epoch]) {
                persistence.log.append(
                    set: key.span.bytes, Array(value.utf8).span.bytes, expiry: Expiry.never, isGuarded: false,
                    at: .start)
            }
            denylist.set(key, [1], persistence.log)
        }
        disk.erase(path)
        return disk
    }

    @Test func anEarlierReleasesEpochIsTakenOverAndLeavesTheLog() throws {
        let disk = try Self.earlierRelease("6f2d")
        #expect(try Self.live(disk) == EpochRecord(epoch: "6f2d"))
        #expect(try disk.exists(Self.path))
        // Once it has a file it is the file that counts, and nothing is left in the log.
        disk.erase(Self.path)
        let again = try Self.live(disk)
        #expect(again.predecessor == EpochRecord.unknownEpoch)
    }

    /// However the first start ends, the epoch is the same.
    @Test func theTakeoverIsNeverHalfDone() throws {
        var steps = 0
        while true {
            let disk = try Self.earlierRelease("6f2d")
            disk.changesLeft = steps
            _ = try? Self.live(disk)
            let hasStopped = disk.hasStopped
            disk.kill()
            disk.crash()
            #expect(try Self.live(disk) == EpochRecord(epoch: "6f2d"), "stopped after \(steps) changes")
            guard hasStopped else { break }
            steps += 1
        }
        #expect(steps > 3)
    }

    // MARK: Replacing

    @Test func anUncleanEndReplacesUntilItIsAccepted() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try Self.live(disk, policy: .everysec, endsInOrder: false)
        #expect(!first.isPending && first.text == first.epoch)
        // It is not accepted: the next epoch still replaces the one that clients believe.
        let second = try Self.live(disk, policy: .everysec, endsInOrder: false)
        #expect(second.text == "\(second.epoch) replaces \(first.epoch)" && second.epoch != first.epoch)
        let third = try Self.live(disk, policy: .everysec) { _, persistence, epoch in
            #expect(epoch.text == "\(epoch.epoch) replaces \(first.epoch)")
            persistence.setEpoch(epoch.accepted())
            try persistence.storeEpoch()
        }
        let fourth = try Self.live(disk, policy: .everysec, endsInOrder: false)
        #expect(fourth == third.accepted() && fourth.text == third.epoch)
        #expect(fourth.acceptance == "\(third.epoch) replaces \(first.epoch)")
        let fifth = try Self.live(disk, policy: .everysec)
        #expect(fifth.predecessor == third.epoch)
    }

    @Test func memoryOnlyOverADirectoryReplaces() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try Self.live(disk) { denylist, persistence, _ in
            denylist.set(Self.key, [1], persistence.log)
        }
        let second = try Self.live(disk, isLogging: false) { _, persistence, epoch in
            #expect(persistence.keepsEpoch && epoch.predecessor == first.epoch)
            persistence.setEpoch(epoch.accepted())
            try persistence.storeEpoch()
        }
        // The mark and the file both say so: neither alone outlives whatever may become of the directory.
        #expect(try EpochFile(DataDirectory("data", disk)).read()?.contents.position == .memory)
        #expect(try disk.exists("data/revoked.doubt"))
        #expect(LogPosition.memory.uncleanReason([]) != nil && LogPosition.memory.uncleanReason(nil) != nil)
        // What it held in memory is gone.
        let third = try Self.live(disk, isLogging: false)
        #expect(third.predecessor == second.epoch && third.isPending)
        #expect(try Self.live(disk).predecessor == second.epoch, "the log lacks what was acknowledged meanwhile")
    }

    @Test func memoryOnlyWithoutADirectoryHasNothingToReplace() throws {
        let disk = SimulatedDisk(seed: 1)
        let epoch = try Self.live(disk, isLogging: false) { _, persistence, _ in
            try persistence.setPolicy(.everysec)
            try persistence.setPolicy(.always)
            #expect(!persistence.keepsEpoch && persistence.policy == .always)
        }
        #expect(!epoch.isPending)
        #expect(try !disk.exists("data"), "a cache leaves its directory alone")
    }

    /// A log that is begun while the daemon runs has the epoch that it was serving under.
    @Test func aLogThatIsBegunLaterKeepsTheEpoch() throws {
        let disk = SimulatedDisk(seed: 1)
        let epoch = try Self.live(disk, isLogging: false, endsInOrder: false) { _, persistence, _ in
            try persistence.perform(.setLogging(true))
        }
        #expect(try Self.live(disk) == epoch)
    }

    /// What such a log forgets is not known under that epoch either.
    @Test func aLogThatIsBegunLaterKeepsTheEpochOfAFlush() throws {
        let disk = SimulatedDisk(seed: 1)
        var flushed: EpochRecord?
        let epoch = try Self.live(disk, isLogging: false, endsInOrder: false) { denylist, persistence, epoch in
            try persistence.perform(.setLogging(true))
            flushed = epoch.replaced()
            persistence.setEpoch(epoch.replaced())
            denylist.removeAll(persistence.log)
            persistence.log.commit(synchronously: true)
        }
        let next = try Self.live(disk)
        #expect(next.predecessor == epoch.epoch && next.isPending && flushed != nil)
    }

    /// An epoch that is wanted while another one is being written is written after it.
    @Test func whatIsWantedMeanwhileIsWrittenToo() throws {
        let disk = SimulatedDisk(seed: 1)
        try disk.makeDirectory("data")
        let file = EpochFile(DataDirectory("data", disk))
        let (first, second) = (EpochRecord(), EpochRecord())
        try file.begin(EpochRecord(), .memory)
        file.want(first)
        disk.whenSynchronizing = { point in if point == .epoch { file.want(second) } }
        try file.settle()
        #expect(try file.read()?.contents.record == first)
        disk.whenSynchronizing = { _ in }
        try file.settle()
        #expect(try file.read()?.contents.record == second)
    }

    /// What was forgotten on disk never stands beside the epoch of before, wherever the disk stops; and what was not
    /// forgotten may have the new one.
    @Test func aFlushNeverOutrunsItsEpoch() throws {
        var steps = 0
        var outcomes: Set<String> = []
        while true {
            let disk = SimulatedDisk(seed: UInt64(steps))
            let first = try Self.live(disk) { denylist, persistence, _ in
                denylist.set(Self.key, [1], persistence.log)
            }
            var wasWhole = false
            try Self.live(disk, endsInOrder: false) { denylist, persistence, epoch in
                disk.changesLeft = steps
                persistence.setEpoch(epoch.replaced())
                denylist.removeAll(persistence.log)
                persistence.log.commit(synchronously: true)
                wasWhole = !disk.hasStopped
            }
            disk.crash()
            let denylist = Denylist.small()
            let (persistence, _) = try Self.open(disk, denylist)
            let (epoch, isNew) = try persistence.begin(inBackground: false)
            #expect(!isNew)
            let isForgotten = denylist.contents[Self.key] == nil
            #expect(!isForgotten || epoch.predecessor == first.epoch && epoch.isPending)
            outcomes.insert("\(isForgotten) \(epoch.epoch == first.epoch)")
            if wasWhole { break }
            steps += 1
        }
        #expect(outcomes == ["false true", "false false", "true false"])
    }
}
