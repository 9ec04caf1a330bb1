import Contract
import NIOCore
import Testing

@testable import Revocation

/// Replies that are compared with what their calls hope for, instead of being parsed.
@Suite struct ExpectedReplyTests {
    /// What a check of three keys hopes for, whole or in pieces, and what is not quite that.
    @Test(arguments: [
        ("*3\r\n$-1\r\n$-1\r\n$5\r\nepoch\r\n", true),
        ("*3\r\n$-1\r\n$-1\r\n$5\r\nepocH\r\n", false),
        ("*3\r\n$-1\r\n$-1\r\n$6\r\nepochs\r\n", false),
        ("*3\r\n$-1\r\n$-1\r\n+epoch\r\n", false),
        ("*3\r\n$-1\r\n$0\r\n\r\n$5\r\nepoch\r\n", false),
        ("*3\r\n$-1\r\n$1\r\ne\r\n$4\r\npoch\r\n", false),
        ("*3\r\n$-1\r\n$-1\r\n$-1\r\n", false),
        ("*2\r\n$-1\r\n$5\r\nepoch\r\n", false),
        ("*4\r\n$-1\r\n$-1\r\n$-1\r\n$5\r\nepoch\r\n", false),
        ("*0\r\n", false), ("$5\r\nepoch\r\n", false), ("-ERR\r\n", false), (":3\r\n", false),
    ])
    func onlyTheEpochAndNothingElseIsTheHopedForAnswer(text: String, isHopedFor: Bool) throws {
        for cut in 1...text.utf8.count {
            var pipeline = CommandPipeline<Int>(patience: .seconds(1))
            let belief = PinnedEpoch(Array("epoch".utf8))
            for number in 0..<2 {
                pipeline.sent(
                    1, for: number, deadline: .distantFuture, hope: .init(keyCount: 3, belief: belief))
            }
            // Twice: what was noted of the first reply must not show in the second.
            let bytes = ByteBuffer(string: text + text)
            var answers: [Bool] = []
            for piece in [(0, cut), (cut, bytes.readableBytes - cut)] {
                try pipeline.receive(#require(bytes.getSlice(at: piece.0, length: piece.1)))
                answers += try pipeline.answers().map { $0.replies == nil }
            }
            #expect(answers == [isHopedFor, isHopedFor], "cut at \(cut)")
        }
    }

    @Test(arguments: [1, 9, 10, 36, 99, 100, 128])
    func anEpochOfAnyLengthIsRecognised(length: Int) throws {
        let epoch = String(repeating: "e", count: length)
        let text = "*2\r\n$-1\r\n$\(length)\r\n\(epoch)\r\n"
        var pipeline = CommandPipeline<Int>(patience: .seconds(1))
        pipeline.sent(
            1, for: 0, deadline: .distantFuture, hope: .init(keyCount: 2, belief: PinnedEpoch(Array(epoch.utf8))))
        try pipeline.receive(ByteBuffer(string: text))
        guard case .deliverExpected(0) = pipeline.next() else {
            return #expect(Bool(false), "it is what was hoped for")
        }
    }

    /// What a revocation hopes for, whole or in pieces, and what is not quite that.
    @Test(arguments: [
        ("+OK\r\n", true), ("+Ok\r\n", false), ("+OKAY\r\n", false), ("+O\r\n", false), ("+QUEUED\r\n", false),
        ("-OK\r\n", false), ("-OOM\r\n", false), (":1\r\n", false), ("$2\r\nOK\r\n", false), ("$-1\r\n", false),
        ("*0\r\n", false), ("*1\r\n$-1\r\n", false), ("*1\r\n$0\r\n\r\n", false), ("*1\r\n+OK\r\n", false),
    ])
    func onlyOKAcknowledges(text: String, isAcknowledged: Bool) throws {
        let belief = PinnedEpoch(Array("epoch".utf8))
        for cut in 1...text.utf8.count {
            var pipeline = CommandPipeline<Int>(patience: .seconds(1))
            for number in 0..<2 {
                pipeline.sent(
                    1, for: number, deadline: .distantFuture, hope: .acknowledgement(belief), isWitnessed: true)
            }
            pipeline.sentWitness(deadline: .distantFuture)
            let bytes = ByteBuffer(string: text + "+OK\r\n" + healthyValues(Witness.keys))
            var answers: [Bool] = []
            for piece in [(0, cut), (cut, bytes.readableBytes - cut)] {
                try pipeline.receive(#require(bytes.getSlice(at: piece.0, length: piece.1)))
                answers += try pipeline.answers().map { $0.replies == nil || $0.replies == [.ok] }
            }
            #expect(answers == [isAcknowledged, true], "cut at \(cut)")
        }
    }

    /// An epoch that is believed only since then vouches for no call that was sent before.
    @Test(arguments: [1, 7, .max]) func aNewBeliefDoesNotAnswerForAnOldOne(size: Int) throws {
        let (old, new) = (PinnedEpoch(Array("old-epoch".utf8)), PinnedEpoch(Array("new-epoch".utf8)))
        var pipeline = CommandPipeline<String>(patience: .seconds(1))
        pipeline.sent(1, for: "before", deadline: .distantFuture, hope: .init(keyCount: 2, belief: old))
        pipeline.sent(1, for: "before, too", deadline: .distantFuture, hope: .init(keyCount: 2, belief: old))
        pipeline.sent(1, for: "after", deadline: .distantFuture, hope: .init(keyCount: 2, belief: new))
        let reply = "*2\r\n$-1\r\n$9\r\nnew-epoch\r\n"
        var bytes = ByteBuffer(string: reply.replacing("new", with: "old") + reply + reply)
        var answers: [String] = []
        while let piece = bytes.readSlice(length: min(size, bytes.readableBytes)), piece.readableBytes > 0 {
            try pipeline.receive(piece)
            answers += try pipeline.answers().map { "\($0.caller): \($0.replies.map { "\($0.count)" } ?? "as hoped")" }
        }
        #expect(answers == ["before: 1", "before, too: 1", "after: as hoped"])
    }

    /// Nor does it where the calls are sent together; and a call without any hopes for nothing.
    @Test func aNewBeliefDoesNotAnswerForAnOldOneOfTheSameBatch() throws {
        let token = TokenClaims(issuer: "issuer", identifier: "jti")
        let calls = ["old-epoch", "new-epoch", nil].map { epoch in
            PendingCheck(token, in: Namespace(), epoch.map { PinnedEpoch(Array($0.utf8)) })
        }
        var pipeline = CommandPipeline<PendingCall>(patience: .seconds(1))
        var commands = ByteBuffer()
        pipeline.send(
            CallBatch(calls[0], calls[1], calls[2]), deadline: .distantFuture, lateAt: .distantFuture, to: &commands,
            at: .never)
        let reply = "*3\r\n$-1\r\n$-1\r\n$9\r\nnew-epoch\r\n"
        try pipeline.receive(ByteBuffer(string: reply + reply + reply))
        let answers = try pipeline.answers()
        #expect(answers.map { ObjectIdentifier($0.caller) } == calls.map { ObjectIdentifier($0) })
        #expect(answers.map { $0.replies == nil } == [false, true, false])
    }

    /// Replies that are recognised at sight stand among others, which hiredis reads: each must come to its own call.
    @Test func noReplyIsTakenForAnothers() throws {
        let epoch = "01890a5d-ac96-774b-bcce-b302099a8057"
        let hope = PendingCall.ExpectedReply(keyCount: 3, belief: PinnedEpoch(Array(epoch.utf8)))
        let hopedFor = "*3\r\n$-1\r\n$-1\r\n$36\r\n\(epoch)\r\n"
        let others = [
            "*3\r\n$6\r\nlogout\r\n$-1\r\n$36\r\n\(epoch)\r\n", "*3\r\n$-1\r\n$-1\r\n$-1\r\n",
            "*3\r\n$-1\r\n$-1\r\n$36\r\n11890a5d-ac96-774b-bcce-b302099a8057\r\n", "-LOADING wait\r\n",
            "*2\r\n$-1\r\n:1\r\n",
        ]
        var random = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            var pipeline = CommandPipeline<Int>(patience: .seconds(1))
            var text = ""
            var expected: [Int: Bool] = [:]
            for number in 0..<Int.random(in: 1...12, using: &random) {
                switch Int.random(in: 0..<5, using: &random) {
                case 0..<3:
                    let isHopedFor = Int.random(in: 0..<4, using: &random) > 0
                    pipeline.sent(1, for: number, deadline: .distantFuture, hope: hope)
                    text += isHopedFor ? hopedFor : others.randomElement(using: &random) ?? ""
                    expected[number] = isHopedFor
                case 3:
                    // Nobody hopes for it, though it is what others hope for.
                    pipeline.sent(1, for: number, deadline: .distantFuture)
                    text += hopedFor
                    expected[number] = false
                default:
                    pipeline.sent(2, for: number, deadline: .distantFuture)
                    text += hopedFor + "+OK\r\n"
                    expected[number] = false
                }
            }
            var bytes = ByteBuffer(string: text)
            var answers: [Int: Bool] = [:]
            var last = -1
            while bytes.readableBytes > 0 {
                let length = Int.random(in: 1...min(bytes.readableBytes, 160), using: &random)
                let piece = bytes.readSlice(length: length)
                try pipeline.receive(#require(piece))
                for (number, replies) in try pipeline.answers() {
                    #expect(number == last + 1)
                    last = number
                    answers[number] = replies == nil
                }
            }
            #expect(answers == expected)
        }
    }
}

extension CommandPipeline {
    /// What is given out now, to whom: the replies; nil where it is what was hoped for.
    fileprivate mutating func answers() throws(StoreFailure) -> [(caller: Caller, replies: [Reply]?)] {
        var answers: [(caller: Caller, replies: [Reply]?)] = []
        while true {
            switch next() {
            case .deliverExpected(let caller): answers.append((caller, nil))
            case .deliver(let caller, .replies(let replies)), .deliver(let caller, .witnessed(let replies, _)):
                answers.append((caller, replies))
            case .deliver(let caller, .expected): answers.append((caller, nil))
            case .wait: return answers
            case .close(let failure): throw failure
            }
        }
    }
}
