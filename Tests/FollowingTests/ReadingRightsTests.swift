import RESP
import Testing

@testable import Following

@Suite struct ReadingRightsTests {
    private func reply(_ text: String) -> [UInt8] { Array("\(text)\r\n".utf8) }

    private func ask(_ rights: inout ReadingRights, at now: Int64) throws -> ReadingRights.Question {
        let question = rights.ask(at: now)
        return try #require(question)
    }

    private func isAsked(_ rights: inout ReadingRights, at now: Int64) -> Bool { rights.ask(at: now) != nil }

    private func prove(_ rights: inout ReadingRights, _ reply: [UInt8], at now: Int64) throws {
        let question = try ask(&rights, at: now)
        rights.answered(reply, to: question)
    }

    @Test func whatTheDaemonSaysCountsForASecondFromTheQuestion() throws {
        var rights = ReadingRights()
        #expect(rights.version(at: 0) == nil)
        let question = try ask(&rights, at: 1_000)
        // One at a time.
        #expect(!isAsked(&rights, at: 1_900))
        rights.answered(reply(":3"), to: question)
        #expect(rights.version(at: 1_999) == .three && rights.version(at: 2_000) == nil)
        #expect(!isAsked(&rights, at: 1_499))
        let second = try ask(&rights, at: 1_500)
        rights.answered(reply(":2"), to: second)
        #expect(rights.version(at: 2_499) == .two && rights.version(at: 2_500) == nil)
    }

    @Test(arguments: [":0", "-NOAUTH Authentication required.", "-ERR unknown subcommand", ":1", ":23", "$1", ""])
    func anythingElseIsNoRight(_ text: String) throws {
        var rights = ReadingRights()
        try prove(&rights, reply(":2"), at: 0)
        #expect(rights.version(at: 10) == .two)
        try prove(&rights, reply(text), at: 500)
        #expect(rights.version(at: 510) == nil)
    }

    /// The connection has become another user meanwhile.
    @Test func anAnswerToAnEarlierQuestionIsNone() throws {
        var rights = ReadingRights()
        let question = try ask(&rights, at: 0)
        rights.forget()
        rights.answered(reply(":2"), to: question)
        #expect(rights.version(at: 1) == nil)
        // It is asked at once.
        try prove(&rights, reply(":2"), at: 1)
        #expect(rights.version(at: 1) == .two)
    }
}
