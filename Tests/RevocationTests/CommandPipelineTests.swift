import NIOCore
import Testing

@testable import Revocation

@Suite struct CommandPipelineTests {
    /// Pipelines `commandCount` commands, feeds `text` in pieces of `size`, and notes what comes out.
    private func replies(to commandCount: Int, _ text: String, size: Int = .max) throws -> [Reply] {
        var pipeline = CommandPipeline<Int>(patience: .seconds(1))
        for number in 0..<commandCount {
            pipeline.sent(1, for: number, deadline: .distantFuture)
        }
        var replies: [Reply] = []
        var bytes = ByteBuffer(string: text)
        while let piece = bytes.readSlice(length: min(size, bytes.readableBytes)), piece.readableBytes > 0 {
            try pipeline.receive(piece)
            loop: while true {
                switch pipeline.next() {
                case .deliver(let number, let answer):
                    #expect(number == replies.count)
                    guard case .replies(let new) = answer else {
                        Issue.record("nothing is witnessed")
                        continue
                    }
                    replies += new
                case .deliverExpected: Issue.record("nothing was hoped for")
                case .wait: break loop
                case .close(let failure): throw failure
                }
            }
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
            var pipeline = CommandPipeline<Int>(patience: .seconds(1))
            pipeline.sent(Self.meaning.count, for: 0, deadline: .distantFuture)
            let bytes = ByteBuffer(string: Self.story)
            try pipeline.receive(#require(bytes.getSlice(at: 0, length: cut)))
            guard case .wait = pipeline.next() else {
                Issue.record("delivered too early, cut at \(cut)")
                continue
            }
            try pipeline.receive(#require(bytes.getSlice(at: cut, length: bytes.readableBytes - cut)))
            guard case .deliver(0, .replies(let replies)) = pipeline.next() else {
                Issue.record("not delivered, cut at \(cut)")
                continue
            }
            #expect(replies == Self.meaning)
        }
    }

    @Test(arguments: [
        ("a reply too many", 1, "+OK\r\n+OK\r\n"),
        ("a byte nobody asked for", 0, "+"),
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
            let whole = Result { try replies(to: 8, text) }
            let byByte = Result { try replies(to: 8, text, size: 1) }
            switch (whole, byByte) {
            case (.success(let one), .success(let other)): #expect(one == other, "\(text.debugDescription)")
            case (.failure, .failure): break
            default: Issue.record("the split decides: \(text.debugDescription)")
            }
        }
    }

    @Test func commandsAreFormattedAsArraysOfBulks() {
        var buffer = ByteBuffer()
        var command = Command("SET", "k", "")
        command.append([0, 13, 10, 255])
        buffer.write(command)
        #expect(
            Array(buffer.readableBytesView)
                == Array("*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n$4\r\n".utf8) + [0, 13, 10, 255, 13, 10])
    }

    @Test func aCallGetsAllItsRepliesAtOnce() throws {
        var pipeline = CommandPipeline<String>(patience: .seconds(1))
        pipeline.sent(2, for: "both", deadline: .distantFuture)
        try pipeline.receive(ByteBuffer(string: ":1\r\n"))
        guard case .wait = pipeline.next() else { return #expect(Bool(false), "one reply is not all") }
        try pipeline.receive(ByteBuffer(string: ":2\r\n"))
        guard case .deliver("both", .replies([.integer(1), .integer(2)])) = pipeline.next() else {
            return #expect(Bool(false), "both replies are due")
        }
        let deadline = pipeline.nextDeadline
        #expect(deadline == nil)
    }

    @Test func anExpiredCallKeepsItsPlaceAndItsLateReplyIsDropped() throws {
        var pipeline = CommandPipeline<String>(patience: .milliseconds(100))
        let start = NIODeadline.now()
        pipeline.sent(1, for: "slow", deadline: start + .milliseconds(10))
        pipeline.sent(1, for: "later", deadline: start + .milliseconds(20))
        let firstDeadline = pipeline.nextDeadline
        #expect(firstDeadline == start + .milliseconds(10))
        let early = pipeline.expire(now: start + .milliseconds(9))
        #expect(early == [])
        let inTime = pipeline.expire(now: start + .milliseconds(10))
        #expect(inTime == ["slow"])
        let again = pipeline.expire(now: start + .milliseconds(10))
        #expect(again == [])
        let secondDeadline = pipeline.nextDeadline
        #expect(secondDeadline == start + .milliseconds(20))
        try pipeline.receive(ByteBuffer(string: ":1\r\n:2\r\n"))
        guard case .deliver("later", .replies([.integer(2)])) = pipeline.next() else {
            return #expect(Bool(false), "the second reply belongs to the second call")
        }
        guard case .wait = pipeline.next() else { return #expect(Bool(false), "nothing else is due") }
    }

    @Test func aCallerIsToldOnceThatItsCallTakesLong() throws {
        var pipeline = CommandPipeline<String>(patience: .milliseconds(100))
        let start = NIODeadline.now()
        for (number, name) in ["first", "second", "third"].enumerated() {
            let lateAt = start + .milliseconds(Int64(number))
            pipeline.sent(1, for: name, deadline: start + .milliseconds(10), lateAt: lateAt)
        }
        let firstDeadline = pipeline.nextDeadline
        #expect(firstDeadline == start)
        let early = pipeline.late(now: start - .nanoseconds(1))
        #expect(early == [])
        let first = pipeline.late(now: start)
        #expect(first == ["first"])
        try pipeline.receive(ByteBuffer(string: ":1\r\n"))
        guard case .deliver("first", _) = pipeline.next() else { return #expect(Bool(false), "the first is answered") }
        let secondDeadline = pipeline.nextDeadline
        #expect(secondDeadline == start + .milliseconds(1))
        let others = pipeline.late(now: start + .milliseconds(2))
        #expect(others == ["second", "third"])
        let nobody = pipeline.late(now: start + .milliseconds(9))
        #expect(nobody == [])
        let lastDeadline = pipeline.nextDeadline
        #expect(lastDeadline == start + .milliseconds(10))
        let expired = pipeline.expire(now: start + .milliseconds(10))
        #expect(expired == ["second", "third"])
    }

    @Test func aConnectionThatAnswersNothingIsTakenForDead() {
        var pipeline = CommandPipeline<String>(patience: .milliseconds(100))
        let start = NIODeadline.now()
        pipeline.sent(1, for: "slow", deadline: start)
        let expired = pipeline.expire(now: start)
        #expect(expired == ["slow"])
        let end = pipeline.nextDeadline
        #expect(end == start + .milliseconds(100))
        let isStuckEarly = pipeline.isStuck(now: start + .milliseconds(99))
        #expect(!isStuckEarly)
        let isStuck = pipeline.isStuck(now: start + .milliseconds(100))
        #expect(isStuck)
    }

    @Test func theEndReturnsThoseWhoStillWait() {
        var pipeline = CommandPipeline<String>(patience: .milliseconds(100))
        let start = NIODeadline.now()
        pipeline.sent(1, for: "expired", deadline: start)
        pipeline.sent(1, for: "waiting", deadline: .distantFuture)
        _ = pipeline.expire(now: start)
        let callers = pipeline.end()
        #expect(callers == ["waiting"])
        let nobody = pipeline.end()
        #expect(nobody == [])
    }

    @Test func tooManyInFlightAreRefused() {
        var pipeline = CommandPipeline<Int>(patience: .seconds(1))
        let most = CommandPipeline<Int>.maximumOutstanding
        let (isRoomForAll, isRoomForMore) = (pipeline.hasRoom(for: most), pipeline.hasRoom(for: most + 1))
        #expect(isRoomForAll && !isRoomForMore)
        pipeline.sent(most, for: 0, deadline: .distantFuture)
        let isRoomForOne = pipeline.hasRoom(for: 1)
        #expect(!isRoomForOne)
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same numbers each time.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
