import Denylist
import Dispatch
import Synchronization
import Testing
import Threads

@testable import Persistence

@Suite struct ClockFileTests {
    private static let checkpoint = ClockCheckpoint(
        guarded: 1_700_000_000_000, time: 1_700_000_000_001, limit: 1_700_000_015_001, boot: 5_000,
        identity: BootIdentity(bootID: "8f4cd8c6-7e50-4a0c-bb1a-0c3a1f3c9a11", timeNamespace: "time:[4026531834]+0.0"))

    /// A clock that always has a checkpoint to keep.
    private final class Clock: DaemonClock {
        let kept = Mutex<[ClockCheckpoint]>([])
        let failures = Atomic(0)
        func resume(after evidence: ClockEvidence) {}
        func dueCheckpoint() -> ClockCheckpoint? { checkpoint(isLast: false) }
        func checkpoint(isLast: Bool) -> ClockCheckpoint { ClockFileTests.checkpoint }
        func stored(_ checkpoint: ClockCheckpoint) { kept.withLock { $0.append(checkpoint) } }
        func failed(_ checkpoint: ClockCheckpoint) { failures.wrappingAdd(1, ordering: .relaxed) }
        var failureCount: Int { failures.load(ordering: .relaxed) }
    }

    private static func disk() throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        try disk.makeDirectory("data")
        return disk
    }

    @Test func whatWasLeftIsReadByTheNext() throws {
        let disk = try Self.disk()
        let data = DataDirectory("data", disk)
        #expect(try ClockFile.read(in: data) == .nothing)
        let clock = Clock()
        try ClockFile(data, clock).begin(runs: [1, .max, 3, 4, 5, 6, 7, 8])
        #expect(try ClockFile.read(in: data) == .checkpoint(Self.checkpoint, runs: [1, .max, 3, 4, 5, 6, 7, 8]))
        #expect(clock.kept.withLock { $0 } == [Self.checkpoint])
        disk.crash()
        #expect(try ClockFile.read(in: data) == .checkpoint(Self.checkpoint, runs: [1, .max, 3, 4, 5, 6, 7, 8]))
    }

    /// A file that a power loss emptied was not relied on yet. Of any other contents nobody knows what was answered.
    @Test(arguments: [([], false), ([0, 0, 0], false), ([0x31], true), ([0, 0x31], true)] as [([UInt8], Bool)])
    func contentsThatNobodyWroteAreDamage(bytes: [UInt8], isDamage: Bool) throws {
        let disk = try Self.disk()
        try disk.create("data/\(ClockFile.name)").write(bytes.span.bytes)
        #expect(try ClockFile.read(in: DataDirectory("data", disk)) == (isDamage ? .damaged : .nothing))
    }

    /// Each of them is needed: without it a power loss takes the first checkpoint, or one of those after it.
    @Test(arguments: [SyncPoint.clock, .clockName]) func eachSyncIsNeeded(_ point: SyncPoint) throws {
        for omitted in [nil, point] {
            var lost = 0
            for seed in 0..<50 {
                let disk = SimulatedDisk(seed: UInt64(seed))
                try disk.makeDirectory("data")
                try disk.synchronize(directory: "", .dataDirectoryName)
                disk.omitted = omitted
                try ClockFile(DataDirectory("data", disk), Clock()).begin(runs: [1])
                disk.crash()
                if try ClockFile.read(in: DataDirectory("data", disk)) == .nothing { lost += 1 }
            }
            #expect((lost > 0) == (omitted != nil))
        }
    }

    /// The longest line fits into its length, and that into a disk's sector.
    @Test func aLineHasOneLength() {
        let longest = String(repeating: "x", count: BootIdentity.maximumLength)
        var checkpoint = Self.checkpoint
        checkpoint.identity = BootIdentity(bootID: longest, timeNamespace: longest)
        checkpoint.limit = 1 << 50 - 1
        let cases: [([UInt64], ClockCheckpoint)] = [
            ([], Self.checkpoint), (Array(repeating: .max, count: 8), checkpoint),
        ]
        for (runs, checkpoint) in cases {
            let text = ClockLine.text(checkpoint, runs: runs)
            #expect(text.utf8.count == ClockLine.length)
            #expect(ClockLine.parse(text) == .checkpoint(checkpoint, runs: runs))
        }
        #expect(ClockLine.length <= SimulatedDisk.sector)
    }

    @Test func aMachineThatDoesNotTellItsBootIsKeptAsThat() {
        var checkpoint = Self.checkpoint
        checkpoint.identity = nil
        #expect(ClockLine.parse(ClockLine.text(checkpoint, runs: [9])) == .checkpoint(checkpoint, runs: [9]))
    }

    @Test func whatEarlierReleasesLeftIsATimeThatWasAnswered() {
        #expect(
            ClockLine.parse("0001790000001000 0001789999980000\n")
                == .reading(time: 1_790_000_001_000, wall: 1_789_999_980_000))
    }

    @Test(arguments: [
        "", "1 ", "x 1700000000000", "1700000000000 1700000000000 3", "-1 5", "9223372036854775807 1", "0 0",
    ])
    func whatIsNoLineIsDamaged(_ text: String) { #expect(ClockLine.parse(text) == .damaged) }

    /// No damage makes another time of it.
    @Test func aLineThatIsNotAsItWasWrittenIsNothing() {
        let line = Array(ClockLine.text(Self.checkpoint, runs: [1, 2]).utf8)
        for index in line.indices {
            for bit in 0..<8 {
                var wrong = line
                wrong[index] ^= 1 << UInt8(bit)
                #expect(
                    ClockLine.parse(String(decoding: wrong, as: UTF8.self)) == .damaged, "bit \(bit) of byte \(index)")
            }
        }
        for count in line.indices {
            #expect(ClockLine.parse(String(decoding: line[..<count], as: UTF8.self)) == .damaged)
        }
    }

    @Test func aDiskThatFailsIsSaidOnce() throws {
        let disk = try Self.disk()
        let clock = Clock()
        let file = ClockFile(DataDirectory("data", disk), clock)
        try file.begin(runs: [1])
        for round in 0..<2 {
            disk.changesLeft = 0
            #expect(file.keepDue() != nil)
            #expect(file.keepDue() == nil)
            #expect(clock.failureCount == 2 * (round + 1))
            disk.kill()
            #expect(file.keepDue() == nil)
            #expect(clock.kept.withLock { $0.count } == round + 2)
        }
    }

    /// A caller that asks for a checkpoint does not wait for a blocked disk.
    @Test func ringingDoesNotWaitForTheDisk() throws {
        let disk = try Self.disk()
        let clock = Clock()
        let file = ClockFile(DataDirectory("data", disk), clock)
        try file.begin(runs: [1])
        let (hangs, goesOn, ended) = (
            DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
        )
        disk.whenOverwriting = {
            hangs.signal()
            _ = goesOn.wait(timeout: .now() + .seconds(30))
        }
        try SystemThread.start("clock") {
            file.run { _ in }
            ended.signal()
        }
        hangs.wait()
        for _ in 0..<3 { file.ring() }
        #expect(clock.kept.withLock { $0.count } == 1)
        file.end()
        for _ in 0..<9 { goesOn.signal() }
        ended.wait()
        #expect(clock.kept.withLock { $0.count } > 1)
    }
}
