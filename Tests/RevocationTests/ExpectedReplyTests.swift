import Contract
import NIOCore
import TestSupport
import Testing

@testable import Revocation

/// Replies that are compared with what their calls expect, and not parsed.
@Suite struct ExpectedReplyTests {
    /// The expected reply to a check of three keys, whole or in pieces, and others that resemble it.
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
    func onlyTheEpochAndNothingElseIsTheExpectedReply(text: String, isExpected: Bool) throws {
        for cut in 1...text.utf8.count {
            let connection = try TestConnection()
            let pinnedEpoch = PinnedEpoch(Array("epoch".utf8))
            for number in 0..<2 { connection.send([(number, check(number, pinnedEpoch))]) }
            // Twice: notes of the first reply must not show in the second.
            let bytes = ByteBuffer(string: text + text)
            try connection.receive(#require(bytes.getSlice(at: 0, length: cut)))
            try connection.receive(#require(bytes.getSlice(at: cut, length: bytes.readableBytes - cut)))
            let outcomes = connection.takeOutcomes()
            #expect(outcomes.map(\.call) == [0, 1], "cut at \(cut)")
            #expect(outcomes.map { $0.outcome == .expected } == [isExpected, isExpected], "cut at \(cut)")
        }
    }

    @Test(arguments: [1, 9, 10, 36, 99, 100, 128])
    func anEpochOfAnyLengthIsRecognised(length: Int) throws {
        let epoch = String(repeating: "e", count: length)
        let connection = try TestConnection()
        connection.send([(0, check(0, PinnedEpoch(Array(epoch.utf8))))])
        try connection.receive("*3\r\n$-1\r\n$-1\r\n$\(length)\r\n\(epoch)\r\n")
        #expect(connection.takeOutcomes().map(\.outcome) == [.expected])
    }

    /// While this machine's clock is wrong every reply is handed out as it is.
    @Test func nothingIsExpectedWhileTheClockIsWrong() throws {
        let connection = try TestConnection()
        var wrong = SentTime.never
        wrong.isClockRight = false
        let pinnedEpoch = PinnedEpoch(Array("epoch".utf8))
        connection.send([(0, check(0, pinnedEpoch))], at: wrong)
        connection.send([(1, check(1, pinnedEpoch))])
        try connection.receive(values(3, epoch: "epoch") + values(3, epoch: "epoch"))
        let values = Reply.array([.null, .null, .bulk(Array("epoch".utf8))])
        #expect(connection.takeOutcomes().map(\.outcome) == [.replies([values]), .expected])
    }

    /// The expected reply to a revocation, whole or in pieces, and others that resemble it.
    @Test(arguments: [
        ("+OK\r\n", true), ("+Ok\r\n", false), ("+OKAY\r\n", false), ("+O\r\n", false), ("+QUEUED\r\n", false),
        ("-OK\r\n", false), ("-OOM\r\n", false), (":1\r\n", false), ("$2\r\nOK\r\n", false), ("$-1\r\n", false),
        ("*0\r\n", false), ("*1\r\n$-1\r\n", false), ("*1\r\n$0\r\n\r\n", false), ("*1\r\n+OK\r\n", false),
    ])
    func onlyOKAcknowledges(text: String, isAcknowledged: Bool) throws {
        let pinnedEpoch = PinnedEpoch(Array("epoch".utf8))
        let witness = Witness(terms: Array(sampleTerms.utf8), epoch: Array("epoch".utf8))
        for cut in 1...text.utf8.count {
            let connection = try TestConnection()
            connection.send((0..<2).map { ($0, revocation($0, pinnedEpoch)) }, isWitnessed: true)
            let bytes = ByteBuffer(string: text + "+OK\r\n" + healthyValues(Witness.keys))
            try connection.receive(#require(bytes.getSlice(at: 0, length: cut)))
            try connection.receive(#require(bytes.getSlice(at: cut, length: bytes.readableBytes - cut)))
            let outcomes = connection.takeOutcomes()
            #expect(outcomes.map(\.call) == [0, 1], "cut at \(cut)")
            let areAcknowledged = outcomes.map { [.expected, .witnessed([.ok], witness)].contains($0.outcome) }
            #expect(areAcknowledged == [isAcknowledged, true], "cut at \(cut)")
        }
    }

    /// Nothing is acknowledged before the witness has come, nor without one.
    @Test func anAcknowledgementWaitsForItsWitness() throws {
        let pinnedEpoch = PinnedEpoch(Array("epoch".utf8))
        let connection = try TestConnection()
        connection.send([(0, revocation(0, pinnedEpoch))], isWitnessed: true)
        try connection.receive("+OK\r\n")
        #expect(connection.takeOutcomes().isEmpty)
        try connection.receive(healthyValues(Witness.keys, epoch: "other"))
        let other = Witness(terms: Array(sampleTerms.utf8), epoch: Array("other".utf8))
        #expect(connection.takeOutcomes().map(\.outcome) == [.witnessed([.ok], other)])
        connection.send([(1, revocation(1, pinnedEpoch))])
        try connection.receive("+OK\r\n")
        #expect(connection.takeOutcomes().map(\.outcome) == [.replies([.ok])])
    }

    /// An epoch that is pinned later proves nothing to a call that was sent before.
    @Test(arguments: [1, 7, .max]) func aNewEpochDoesNotAnswerForAnOldOne(size: Int) throws {
        let (old, new) = (PinnedEpoch(Array("old-epoch".utf8)), PinnedEpoch(Array("new-epoch".utf8)))
        let connection = try TestConnection()
        for (number, pinnedEpoch) in [old, old, new].enumerated() {
            connection.send([(number, check(number, pinnedEpoch))])
        }
        let reply = values(3, epoch: "new-epoch")
        try connection.receive(reply.replacing("new", with: "old") + reply + reply, size: size)
        let outcomes = connection.takeOutcomes()
        #expect(outcomes.map(\.call) == [0, 1, 2])
        #expect(outcomes.map { $0.outcome == .expected } == [false, false, true])
    }

    /// The same for calls that are sent together. A call without a pinned epoch expects nothing.
    @Test func aNewEpochDoesNotAnswerForAnOldOneOfTheSameBatch() throws {
        let connection = try TestConnection()
        connection.send(
            ["old-epoch", "new-epoch", nil].enumerated().map { number, epoch in
                (number, check(number, epoch.map { PinnedEpoch(Array($0.utf8)) }))
            })
        try connection.receive(String(repeating: values(3, epoch: "new-epoch"), count: 3))
        let outcomes = connection.takeOutcomes()
        #expect(outcomes.map(\.call) == [0, 1, 2])
        #expect(outcomes.map { $0.outcome == .expected } == [false, true, false])
    }

    /// Compared replies stand among parsed ones. Each must go to its own call.
    @Test func noReplyIsTakenForAnothers() throws {
        let epoch = "01890a5d-ac96-774b-bcce-b302099a8057"
        let pinnedEpoch = PinnedEpoch(Array(epoch.utf8))
        let expectedReply = values(3, epoch: epoch)
        let others = [
            "*3\r\n$6\r\nlogout\r\n$-1\r\n$36\r\n\(epoch)\r\n", "*3\r\n$-1\r\n$-1\r\n$-1\r\n",
            "*3\r\n$-1\r\n$-1\r\n$36\r\n11890a5d-ac96-774b-bcce-b302099a8057\r\n", "-LOADING wait\r\n",
            "*2\r\n$-1\r\n:1\r\n",
        ]
        var random = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            let connection = try TestConnection()
            var text = ""
            var expected: [Bool] = []
            for number in 0..<Int.random(in: 1...12, using: &random) {
                switch Int.random(in: 0..<5, using: &random) {
                case 0..<3:
                    let isExpected = Int.random(in: 0..<4, using: &random) > 0
                    connection.send([(number, check(number, pinnedEpoch))])
                    text += isExpected ? expectedReply : others.randomElement(using: &random) ?? ""
                    expected.append(isExpected)
                case 3:
                    // This call does not expect the reply that others expect.
                    connection.send([(number, check(number, nil))])
                    text += expectedReply
                    expected.append(false)
                default:
                    connection.send(number..<number + 1, commandCount: 2)
                    text += expectedReply + "+OK\r\n"
                    expected.append(false)
                }
            }
            var bytes = ByteBuffer(string: text)
            while bytes.readableBytes > 0 {
                let piece = bytes.readSlice(length: Int.random(in: 1...min(bytes.readableBytes, 160), using: &random))
                try connection.receive(#require(piece))
            }
            let outcomes = connection.takeOutcomes()
            #expect(outcomes.map(\.call) == Array(expected.indices))
            #expect(outcomes.map { $0.outcome == .expected } == expected)
        }
    }
}

/// A check of three keys.
func check(_ number: Int, _ pinnedEpoch: PinnedEpoch?) -> PendingCheck {
    PendingCheck(TokenClaims(issuer: "issuer", identifier: "\(number)"), in: Namespace(), pinnedEpoch)
}

/// The revocation of one token.
func revocation(_ number: Int, _ pinnedEpoch: PinnedEpoch) -> PendingRevocation {
    PendingRevocation(
        RevocationEntry(key: "revoked:jti:\(number)", kind: .token, value: "logout", secondsToLive: 60), pinnedEpoch)
}
