import Denylist
import Dispatch
import Synchronization
import Testing

@testable import Persistence

@Suite struct ClockTraceTests {
    private static let reading = SlewedClock.Reading(time: 1_700_000_000_000, wall: 1_699_999_990_000)

    private final class Flag: Sendable { let value = Atomic(false) }

    private static func trace(on disk: SimulatedDisk) -> ClockTrace { ClockTrace(DataDirectory("data", disk)) }

    private static func disk() throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 1)
        try disk.makeDirectory("data")
        return disk
    }

    @Test func whatWasLeftIsReadByTheNext() throws {
        let disk = try Self.disk()
        let trace = Self.trace(on: disk)
        #expect(trace.read() == nil)
        #expect(try disk.exists("data/revoked.clock"))
        trace.leave(Self.reading)
        trace.end()
        trace.run()
        #expect(Self.trace(on: disk).read() == Self.reading)
    }

    @Test(arguments: ["", "1 ", "x 1700000000000", "1700000000000 1700000000000 3", "-1 5", "9223372036854775807 1"])
    func whatIsNoReadingIsNone(_ text: String) throws {
        let disk = try Self.disk()
        try disk.create("data/revoked.clock").write(Array(text.utf8).span.bytes)
        #expect(Self.trace(on: disk).read() == nil)
    }

    /// Whoever leaves a reading does not wait for a disk that hangs, and the last one counts.
    @Test func leavingDoesNotWaitForTheDisk() throws {
        let disk = try Self.disk()
        let trace = Self.trace(on: disk)
        _ = trace.read()
        let (hangs, goesOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let isHanging = Flag()
        disk.whenOverwriting = {
            isHanging.value.store(true, ordering: .sequentiallyConsistent)
            hangs.signal()
            _ = goesOn.wait(timeout: .now() + .seconds(30))
            isHanging.value.store(false, ordering: .sequentiallyConsistent)
        }
        let ended = DispatchSemaphore(value: 0)
        try BackgroundThread.start {
            trace.run()
            ended.signal()
        }
        trace.leave(.init(time: 1, wall: 1))
        hangs.wait()
        trace.leave(.init(time: 2, wall: 2))
        trace.leave(Self.reading)
        trace.end()
        let wasHanging = isHanging.value.load(ordering: .sequentiallyConsistent)
        #expect(wasHanging)
        for _ in 0..<2 { goesOn.signal() }
        ended.wait()
        disk.whenOverwriting = {}
        #expect(Self.trace(on: disk).read() == Self.reading)
    }
}
