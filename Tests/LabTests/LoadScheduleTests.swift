import Testing

@testable import Lab

@Suite struct LoadScheduleTests {
    @Test func whatIsDueDoesNotDependOnWhatWasSent() {
        var schedule = LoadSchedule(start: 1_000, requestsPerSecond: 1e6, total: 5)
        #expect(schedule.nextDue == 1_000)
        #expect(schedule.waiting(at: 999) == 0)
        #expect(schedule.waiting(at: 1_000) == 1)
        #expect(schedule.waiting(at: 1_999) == 1)
        #expect(schedule.waiting(at: 3_500) == 3)
        #expect(schedule.take(2) == 0)
        #expect(schedule.waiting(at: 3_500) == 1)
        #expect(schedule.nextDue == 3_000)
        #expect(schedule.waiting(at: 1_000_000) == 3)
        #expect(schedule.take(3) == 2)
        #expect(schedule.isOver)
        #expect(schedule.waiting(at: 1_000_000) == 0)
    }

    @Test func theWarmUpIsLeftOutAsFarAsItIsLate() {
        var schedule = LoadSchedule(start: 0, requestsPerSecond: 1e6, total: 10)
        _ = schedule.take(2)
        schedule.skip(to: 4_500)
        #expect(schedule.take(1) == 5)
        schedule.skip(to: 1_000)
        #expect(schedule.take(1) == 6)
        schedule.skip(to: 1_000_000)
        #expect(schedule.isOver)
    }

    @Test func whoIsFreeLongestIsNext() {
        var free = FreeConnections(capacity: 3)
        for connection in [2, 0, 1] { free.append(connection) }
        #expect(free.popFirst() == 2)
        free.append(2)
        #expect([free.popFirst(), free.popFirst(), free.popFirst(), free.popFirst()] == [0, 1, 2, nil])
    }
}
