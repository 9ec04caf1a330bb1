import NIOCore
import TestSupport
import Testing

@testable import Revocation

/// What comes of calls on one connection, whatever the store sends and when.
@Suite(.timeLimit(.minutes(1))) struct CommandPipelineTests {
    /// Sends calls of one command each, and receives `text` in pieces of `size`.
    /// - Throws: what the connection ended with.
    private func replies(to commandCount: Int, _ text: String, size: Int = .max) throws -> [Reply] {
        let connection = try TestConnection()
        connection.send(0..<commandCount)
        try connection.receive(text, size: size)
        if let failure = connection.handler.endedBecause {
            #expect(!connection.isOpen)
            #expect(connection.takeOutcomes().map(\.call) == Array(0..<commandCount))
            throw failure
        }
        var replies: [Reply] = []
        for (call, outcome) in connection.takeOutcomes() {
            #expect(call == replies.count)
            guard case .replies(let new) = outcome else {
                Issue.record("nothing is expected or witnessed")
                continue
            }
            replies += new
        }
        return replies
    }

    private static let story =
        "+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\nb!\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n*4\r\n$1\r\nx\r\n$-1\r\n*2\r\n:1\r\n*0\r\n+y\r\n"
    private static let meaning: [Reply] = [
        .ok, .error(Array("ERR no".utf8)), .integer(-42), .bulk(Array("a\r\nb!".utf8)), .bulk([]), .null, .null,
        .array([]),
        .array([.bulk(Array("x".utf8)), .null, .array([.integer(1), .array([])]), .status(Array("y".utf8))]),
    ]

    @Test(arguments: [1, 2, 3, 5, 7, 11, .max])
    func repliesSurviveAnySplit(size: Int) throws {
        #expect(try replies(to: Self.meaning.count, Self.story, size: size) == Self.meaning)
    }

    @Test func aSplitAtEveryByteMakesNoDifference() throws {
        for cut in 1..<Self.story.utf8.count {
            let connection = try TestConnection()
            connection.send(0..<1, commandCount: Self.meaning.count)
            let bytes = ByteBuffer(string: Self.story)
            try connection.receive(#require(bytes.getSlice(at: 0, length: cut)))
            #expect(connection.takeOutcomes().isEmpty, "cut at \(cut)")
            try connection.receive(#require(bytes.getSlice(at: cut, length: bytes.readableBytes - cut)))
            #expect(connection.takeOutcomes().map(\.outcome) == [.replies(Self.meaning)], "cut at \(cut)")
        }
    }

    @Test(arguments: [
        ("a reply too many", 1, "+OK\r\n+OK\r\n"),
        ("a byte without a command", 0, "+"),
        ("a bulk beyond the limit", 1, "$65537\r\n"),
        ("half a gigabyte", 1, "$536870912"),
        ("an array beyond the limit", 1, "*1025\r\n"),
        ("a length beyond any number", 1, "*99999999999999999999"),
        (
            "arrays that are too many together", 1,
            "*2\r\n*512\r\n" + String(repeating: ":1\r\n", count: 512) + "*511\r\n"
        ),
        ("arrays too deep", 1, String(repeating: "*1\r\n", count: 8)),
        ("a negative length", 1, "$-2\r\n"),
        ("a negative array", 1, "*-2\r\n"),
        ("an empty length", 1, "$\r\n"),
        ("a sign and nothing else", 1, "$-\r\n"),
        ("a length with a letter", 1, "$1a\r\n"),
        ("an integer with a letter", 1, ":1a\r\n"),
        ("an integer with leading zeros", 1, ":007\r\n"),
        ("an unknown type", 1, "!5\r\n"),
        ("a type of RESP3", 1, "%1\r\n"),
        ("no line feed", 1, "+OK\rx"),
        ("a bulk longer than announced", 1, "$2\r\nabc\r\n"),
        ("an HTTP server", 1, "HTTP/1.1 400 Bad Request\r\n"),
    ])
    func whatNoCommandAsksForEndsTheConnection(what: String, commandCount: Int, text: String) {
        for size in [1, Int.max] {
            #expect(throws: StoreFailure.self, "\(what)") { try replies(to: commandCount, text, size: size) }
        }
    }

    @Test func aLineWithoutEndIsRefused() {
        #expect(throws: StoreFailure.self) { try replies(to: 1, "-" + String(repeating: "x", count: 65_537)) }
    }

    @Test func aReplyTooLongInAllIsRefused() {
        let part = bulk(String(repeating: "x", count: 65_536))
        #expect(throws: StoreFailure.self) { try replies(to: 1, "*17\r\n" + String(repeating: part, count: 17)) }
    }

    @Test func theLargestOfEverythingIsTaken() throws {
        let text = bulk(String(repeating: "x", count: 65_536))
        #expect(try replies(to: 1, text, size: 1_000) == [.bulk(Array(repeating: UInt8(ascii: "x"), count: 65_536))])
        let array = "*1024\r\n" + String(repeating: ":1\r\n", count: 1_024)
        #expect(try replies(to: 1, array) == [.array(Array(repeating: .integer(1), count: 1_024))])
        let deep = String(repeating: "*1\r\n", count: 7) + "$-1\r\n"
        #expect(try replies(to: 1, deep) == [(0..<7).reduce(Reply.null) { reply, _ in .array([reply]) }])
    }

    @Test func randomBytesNeverCrash() {
        var random = SeededGenerator(seed: 20_260_101)
        let alphabet = Array("+-:$*0123456789\r\nabc".utf8)
        for _ in 0..<20_000 {
            let length = Int.random(in: 1...40, using: &random)
            let text = String(
                decoding: (0..<length).map { _ in alphabet.randomElement(using: &random)! }, as: UTF8.self)
            let whole = Result { try replies(to: 4, text) }
            let byByte = Result { try replies(to: 4, text, size: 1) }
            switch (whole, byByte) {
            case (.success(let one), .success(let other)): #expect(one == other, "\(text.debugDescription)")
            case (.failure, .failure): break
            default: Issue.record("the split decides: \(text.debugDescription)")
            }
        }
    }

    @Test func commandsAreFormattedAsArraysOfBulks() throws {
        let connection = try TestConnection()
        var command = Command("SET", "k", "")
        command.append([0, 13, 10, 255])
        connection.send([(0, PendingCall([command]))])
        #expect(
            try Array(connection.takeWritten().readableBytesView)
                == Array("*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n$4\r\n".utf8) + [0, 13, 10, 255, 13, 10])
    }

    @Test func aCallGetsAllItsRepliesAtOnce() throws {
        let connection = try TestConnection()
        connection.send(0..<1, commandCount: 2)
        try connection.receive(":1\r\n")
        #expect(connection.takeOutcomes().isEmpty)
        try connection.receive(":2\r\n")
        #expect(connection.takeOutcomes().map(\.outcome) == [.replies([.integer(1), .integer(2)])])
    }

    @Test func anExpiredCallKeepsItsPlaceAndItsLateReplyIsDropped() throws {
        let connection = try TestConnection()
        connection.send(0..<1, timeout: .milliseconds(10))
        connection.send(1..<2, timeout: .milliseconds(20))
        connection.advance(by: .milliseconds(10) - .nanoseconds(1))
        #expect(connection.takeOutcomes().isEmpty)
        connection.advance(by: .nanoseconds(1))
        let expired = connection.takeOutcomes()
        #expect(expired.map(\.call) == [0])
        #expect(expired.map(\.outcome) == [.failed(.timedOut)])
        connection.advance(by: .milliseconds(10) - .nanoseconds(1))
        #expect(connection.takeOutcomes().isEmpty)
        try connection.receive(":1\r\n:2\r\n")
        let answered = connection.takeOutcomes()
        #expect(answered.map(\.call) == [1])
        #expect(answered.map(\.outcome) == [.replies([.integer(2)])])
        connection.advance(by: .seconds(60))
        #expect(connection.isOpen)
    }

    /// A call of several commands that expires between its replies gets none of them, and nor does the next call.
    @Test func aCallThatExpiresBetweenItsRepliesKeepsItsPlace() throws {
        let connection = try TestConnection()
        connection.send(0..<1, commandCount: 3, timeout: .milliseconds(10))
        connection.send(1..<2, timeout: .seconds(1))
        try connection.receive(":1\r\n")
        connection.advance(by: .milliseconds(10))
        #expect(connection.takeOutcomes().map(\.outcome) == [.failed(.timedOut)])
        try connection.receive(":2\r\n:3\r\n")
        #expect(connection.takeOutcomes().isEmpty)
        try connection.receive(":4\r\n")
        #expect(connection.takeOutcomes().map(\.outcome) == [.replies([.integer(4)])])
    }

    /// Tasks wait as production's do: each is told once, at its own time, that its call takes long.
    @MainActor @Test func aCallerIsToldOnceThatItsCallTakesLong() async throws {
        let connection = try TestConnection()
        var told: [Int] = []
        var tasks: [Task<PendingCall.Outcome?, Never>] = []
        for number in 0..<3 {
            let call = PendingCall([Command("PING")])
            var isSent = false
            tasks.append(
                Task { @MainActor in
                    let early = await withUnsafeContinuation { waiter in
                        #expect(call.wait(waiter))
                        connection.send(CallBatch(call), timeout: .milliseconds(50))
                        isSent = true
                    }
                    guard early == nil else { return early }
                    told.append(number)
                    return await withUnsafeContinuation { call.waitCancellably($0) }
                })
            while !isSent { await Task.yield() }
            connection.advance(by: .milliseconds(1))
        }
        #expect(told.isEmpty)
        connection.advance(by: .milliseconds(2))
        while told.isEmpty { await Task.yield() }
        #expect(told == [0])
        try connection.receive(":1\r\n:2\r\n")
        for (number, reply) in [(0, Reply.integer(1)), (1, .integer(2))] {
            let outcome = await tasks[number].value
            #expect(try outcome?.replies() == [reply])
        }
        connection.advance(by: .milliseconds(2))
        while told.count < 2 { await Task.yield() }
        connection.advance(by: .milliseconds(60))
        let last = await tasks[2].value
        #expect(throws: StoreFailure.timedOut) { try last?.replies() }
        #expect(told == [0, 2])
    }

    @Test func aConnectionThatAnswersNothingIsTakenForDead() throws {
        let connection = try TestConnection()
        connection.send(0..<1, timeout: .milliseconds(10))
        connection.advance(by: .milliseconds(10))
        #expect(connection.takeOutcomes().map(\.outcome) == [.failed(.timedOut)])
        connection.send(1..<2, timeout: .seconds(60))
        connection.advance(by: .seconds(5) - .nanoseconds(1))
        #expect(connection.isOpen)
        connection.advance(by: .nanoseconds(1))
        #expect(!connection.isOpen)
        let failed = connection.takeOutcomes()
        #expect(failed.map(\.call) == [1])
        #expect(failed.map(\.outcome) == [.failed(StoreFailure(.unreachable, "the store has stopped answering"))])
    }

    @Test func theEndFailsThoseWhoStillWaitAndThoseWhoComeLater() throws {
        let connection = try TestConnection()
        connection.send(0..<1, timeout: .milliseconds(10))
        connection.send(1..<2)
        connection.advance(by: .milliseconds(10))
        #expect(connection.takeOutcomes().map(\.call) == [0])
        connection.handler.end(.closed)
        connection.send(2..<3)
        let failed = connection.takeOutcomes()
        #expect(failed.map(\.call) == [1, 2])
        #expect(failed.map(\.outcome) == [.failed(.closed), .failed(.closed)])
        connection.handler.end(.timedOut)
        try connection.receive(":1\r\n:2\r\n")
        #expect(connection.takeOutcomes().isEmpty)
        #expect(!connection.isOpen)
    }

    @Test func tooManyInFlightAreRefused() throws {
        let connection = try TestConnection()
        let most = CommandPipeline.maximumOutstanding
        connection.send(0..<1, commandCount: most - 1)
        connection.send(1..<2, commandCount: 2)
        let refused = connection.takeOutcomes()
        #expect(refused.map(\.call) == [1])
        #expect(refused.map(\.outcome) == [.failed(.tooManyOutstanding)])
        connection.send(2..<4)
        #expect(connection.takeOutcomes().map(\.call) == [3])
        // The witness takes room, too.
        try connection.receive(String(repeating: ":1\r\n", count: most))
        #expect(connection.takeOutcomes().map(\.call) == [0, 2])
        let revocations = (4..<6).map { number in
            (number, PendingCall(Array(repeating: Command("PING"), count: most / 2)))
        }
        connection.send(revocations, isWitnessed: true)
        #expect(connection.takeOutcomes().map(\.call) == [5])
    }

    /// A caller sends again from its answer, while other replies of the same bytes are still to be handed out.
    @Test func aCallerSendsAgainFromItsAnswer() throws {
        let connection = try TestConnection()
        connection.send(0..<1)
        connection.send(1, thenSend: 3)
        connection.send(2..<3)
        try connection.receive(":0\r\n:1\r\n:2\r\n")
        #expect(connection.takeOutcomes().map(\.call) == [0, 1, 2])
        try connection.receive(":3\r\n")
        let last = connection.takeOutcomes()
        #expect(last.map(\.call) == [3])
        #expect(last.map(\.outcome) == [.replies([.integer(3)])])
    }
}
