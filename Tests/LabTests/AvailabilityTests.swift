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

    @Test("One in a hundred requests of each operation may go unanswered, a few more by chance")
    mutating func share() {
        count("check", answered: 99_000, unanswered: 1_000)
        count("refresh", answered: 390, unanswered: 9)
        #expect(availability.failures.isEmpty)
        count("check", answered: 0, unanswered: 110)
        count("log out", answered: 390, unanswered: 11)
        #expect(availability.failures.count == 2)
        #expect(availability.failures[0].hasPrefix("check: 1110 of 100110 requests"))
        #expect(availability.failures[1].hasPrefix("log out: 11 of 401 requests"))
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
