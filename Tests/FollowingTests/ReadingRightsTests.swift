import RESP
import Testing

@testable import Following

@Suite struct ReadingRightsTests {
    private static let epoch = Array("e-1".utf8)

    private func reply(_ version: String) -> [UInt8] { Array("*2\r\n\(version)\r\n$3\r\ne-1\r\n".utf8) }

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
        #expect(rights.version(at: 0, of: Self.epoch) == nil)
        let question = try ask(&rights, at: 1_000)
        // One at a time.
        #expect(!isAsked(&rights, at: 1_900))
        rights.answered(reply(":3"), to: question)
        #expect(rights.version(at: 1_999, of: Self.epoch) == .three && rights.version(at: 2_000, of: Self.epoch) == nil)
        #expect(!isAsked(&rights, at: 1_499))
        let second = try ask(&rights, at: 1_500)
        rights.answered(reply(":2"), to: second)
        #expect(rights.version(at: 2_499, of: Self.epoch) == .two && rights.version(at: 2_500, of: Self.epoch) == nil)
    }

    @Test(arguments: [
        "*2\r\n:0\r\n$3\r\ne-1\r\n", "-NOAUTH Authentication required.\r\n", "-ERR unknown subcommand\r\n",
        "*2\r\n:1\r\n$3\r\ne-1\r\n", "*2\r\n:23\r\n$3\r\ne-1\r\n", ":2\r\n", "", "*2\r\n:2\r\n$-1\r\n",
        "*2\r\n:2\r\n$0\r\n\r\n", "*2\r\n:2\r\n$3\r\ne-2\r\n", "*3\r\n:2\r\n$3\r\ne-1\r\n", "*2\r\n:2\r\n$3\r\ne-1",
    ])
    func anythingElseIsNoRight(_ text: String) throws {
        var rights = ReadingRights()
        try prove(&rights, reply(":2"), at: 0)
        #expect(rights.version(at: 10, of: Self.epoch) == .two)
        try prove(&rights, Array(text.utf8), at: 500)
        #expect(rights.version(at: 510, of: Self.epoch) == nil)
    }

    /// The connection has become another user meanwhile.
    @Test func anAnswerToAnEarlierQuestionIsNone() throws {
        var rights = ReadingRights()
        let question = try ask(&rights, at: 0)
        rights.forget()
        rights.answered(reply(":2"), to: question)
        #expect(rights.version(at: 1, of: Self.epoch) == nil)
        // It is asked at once.
        try prove(&rights, reply(":2"), at: 1)
        #expect(rights.version(at: 1, of: Self.epoch) == .two)
    }
}
