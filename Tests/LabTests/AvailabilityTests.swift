import Testing

@testable import Lab

@Suite("Judging unavailability")
struct AvailabilityTests {
    private var availability = Availability()

    private mutating func count(_ operation: String, answered: Int = 0, unanswered: Int = 0, excused: Int = 0) {
        for _ in 0..<answered { availability.count(operation, isAnswered: true, isExcused: false) }
        for _ in 0..<unanswered { availability.count(operation, isAnswered: false, isExcused: false) }
        for _ in 0..<excused { availability.count(operation, isAnswered: false, isExcused: true) }
    }

    @Test("One in a hundred requests of each operation may go unanswered, and no more")
    mutating func share() {
        count("check", answered: 99_000, unanswered: 1_000)
        count("log out", answered: 395, unanswered: 4)
        #expect(availability.failures.count == 1)
        #expect(availability.failures[0].hasPrefix("log out: 4 of 399 requests"))
    }

    @Test("A few lost connections are no outage")
    mutating func few() {
        count("log out", answered: 5, unanswered: 3)
        #expect(availability.failures.isEmpty)
    }

    @Test("What a fault explains does not count, but an operation has to be answered some time")
    mutating func excused() {
        count("check", answered: 1_000, excused: 900)
        #expect(availability.failures.isEmpty)
        count("log out", excused: 5)
        #expect(availability.failures == ["log out: none of 5 requests was answered"])
    }

    @Test("Nodes that answer almost nothing fail, faults or not")
    mutating func almostNothing() {
        count("check", answered: 19, excused: 81)
        #expect(availability.failures == ["only 19 of 100 requests were answered: less than 20 %"])
    }
}
