import Contract
import NIOCore
import TestSupport
import Testing

@testable import Revocation

/// Random histories of one connection beside a model that is too simple to be wrong: the store's replies name their
/// calls, and each caller must be told its own, once.
@Suite(.timeLimit(.minutes(5))) struct ConnectionModelTests {
    @Test(arguments: 0..<8) func eachCallerIsToldItsOwnOutcomeOnce(part: UInt64) throws {
        var tally = ConnectionModel.Tally()
        for seed in part * 50..<(part + 1) * 50 {
            var model = try ConnectionModel(seed: seed)
            for _ in 0..<60 { try model.step() }
            try model.end()
            tally.add(model.tally)
        }
        // Each of these has happened, and not once only.
        for (what, count) in tally.counts { #expect(count > 50, "\(what): \(count)") }
    }
}

/// A connection and its model.
private struct ConnectionModel {
    /// What has happened.
    struct Tally {
        var (expected, read, timedOut, cancelled, refused, broken) = (0, 0, 0, 0, 0, 0)

        var counts: [String: Int] {
            [
                "expected": expected, "read": read, "timed out": timedOut, "cancelled": cancelled, "refused": refused,
                "broken": broken,
            ]
        }

        mutating func add(_ other: Tally) {
            expected += other.expected
            read += other.read
            timedOut += other.timedOut
            cancelled += other.cancelled
            refused += other.refused
            broken += other.broken
        }
    }

    private struct Call {
        let call: PendingCall
        let pinnedEpoch: PinnedEpoch?
        let deadline: NIODeadline
        /// The outcome if all goes well.
        var promised: TestConnection.Outcome?
        /// How many bytes of the store must have arrived for that; nil if the call was not sent.
        var lastByte: Int?
        var outcome: TestConnection.Outcome?
    }

    private static let timeout = TimeAmount.milliseconds(20)
    private static let epochs = ["epoch-one", "epoch-two"]
    private static let beliefs = epochs.map { PinnedEpoch(Array($0.utf8)) }

    private(set) var tally = Tally()
    private let connection: TestConnection
    private var random: SeededGenerator
    private let seed: UInt64
    private let isForWrites: Bool
    private let isStoreSlow: Bool
    private var calls: [Call] = []
    /// All that the store has said, and how much of it has arrived.
    private var said = ByteBuffer()
    private var arrived = 0
    /// Where the store's replies end.
    private var replyEnds: Set<Int> = [0]
    private var timeoutsInARow = 0

    init(seed: UInt64) throws {
        self.seed = seed
        isStoreSlow = seed % 3 == 0
        random = SeededGenerator(seed: seed)
        isForWrites = seed % 2 == 1
        connection = try TestConnection()
    }

    mutating func step() throws {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<3: try submit()
        case 3: cancel()
        case 4: advance(by: .milliseconds(Int64.random(in: 1...12, using: &random)))
        case 5..<9 where isStoreSlow: advance(by: .milliseconds(Int64.random(in: 1...12, using: &random)))
        default: try receive(Int.random(in: 1...300, using: &random))
        }
        try compare()
    }

    /// Ends the connection in one of the ways in which connections end, with calls in any state.
    mutating func end() throws {
        let rest = said.getSlice(at: arrived, length: said.readableBytes - arrived) ?? ByteBuffer()
        let failure: StoreFailure
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            connection.hangUp()
            failure = arrived > 0 ? StoreFailure(.unreachable, "the store closed the connection") : .closedUnheard
        case 1:
            connection.handler.end(.closed)
            failure = .closed
        case 2 where rest.readableBytes > 0:
            advance(by: .seconds(6))
            failure = StoreFailure(.unreachable, "the store has stopped answering")
        case 3 where rest.readableBytes > 0 && replyEnds.contains(arrived):
            // Replies stand behind what is none: they count for nothing.
            try connection.receive(ByteBuffer(string: "?" + String(buffer: rest)))
            failure = StoreFailure(.malformed)
        default:
            // A reply too many: nothing that comes with it counts.
            try connection.receive(ByteBuffer(string: String(buffer: rest) + "+OK\r\n"))
            failure = StoreFailure(.unsolicited)
        }
        for index in calls.indices where calls[index].outcome == nil {
            calls[index].outcome = .failed(failure)
            tally.broken += 1
        }
        try compare()
        #expect(!connection.isOpen)
        // Nothing that comes later changes anything, and no more calls are taken.
        try connection.receive(rest)
        let last = calls.count
        calls.append(
            Call(call: check(last, nil), pinnedEpoch: nil, deadline: .distantFuture, outcome: .failed(failure)))
        connection.send([(last, calls[last].call)])
        connection.advance(by: .seconds(60))
        try compare()
        for (number, call) in calls.enumerated() { #expect(call.outcome != nil, "call \(number) was forgotten") }
    }

    // MARK: Events

    private mutating func submit() throws {
        let first = calls.count
        let isWitnessed = isForWrites && Int.random(in: 0..<8, using: &random) > 0
        for number in first..<first + Int.random(in: 1...5, using: &random) {
            let pinnedEpoch = Self.beliefs[Int.random(in: 0..<8, using: &random) == 0 ? 1 : 0]
            let kind = Int.random(in: 0..<6, using: &random)
            let call =
                switch kind {
                case 0:
                    PendingCall(
                        (0..<Int.random(in: 1...3, using: &random)).map { Command("GET", "\(number).\($0)") })
                case 1 where !isForWrites: check(number, nil)
                default: isForWrites ? revocation(number, pinnedEpoch) : check(number, pinnedEpoch)
                }
            calls.append(
                Call(call: call, pinnedEpoch: call.expected?.pinnedEpoch, deadline: connection.now + Self.timeout))
        }
        connection.send(
            (first..<calls.count).map { ($0, calls[$0].call) }, timeout: Self.timeout, isWitnessed: isWitnessed)
        let commands = try connection.takeCommands()
        answer(commands, isWitnessed: isWitnessed)
        for number in first..<calls.count where calls[number].promised == nil {
            #expect(timeoutsInARow >= CircuitBreaker.threshold, "call \(number) was not sent")
            calls[number].outcome = .failed(.silent)
            tally.refused += 1
        }
    }

    /// The store takes commands, and says what it will of each. Its replies name the call.
    private mutating func answer(_ commands: [[String]], isWitnessed: Bool) {
        var replies: [Int: [Reply]] = [:]
        for command in commands where command[1] != Terms.key {
            let number = Int(command[1].replacing("revoked:jti:", with: "").prefix { $0 != "." }) ?? -1
            #expect(replies.keys.allSatisfy { $0 <= number }, "commands are sent in the order of calls")
            let (text, reply) = reply(to: command, number)
            say(text)
            replies[number, default: []].append(reply)
            calls[number].promised = .replies(replies[number] ?? [])
            calls[number].lastByte = said.readableBytes
        }
        for (number, replies) in replies { #expect(replies.count == calls[number].call.commandCount) }
        guard isWitnessed, !commands.isEmpty else { return }
        #expect(commands.last == ["MGET"] + Witness.keys)
        let isUsual = Int.random(in: 0..<6, using: &random) > 0
        let terms = isUsual ? sampleTerms : nil
        let epoch = isUsual ? Self.epochs[0] : "flush before \(calls.count)"
        say("*2\r\n" + (terms.map(bulk) ?? "$-1\r\n") + bulk(epoch))
        for (number, replies) in replies {
            calls[number].promised = .witnessed(
                replies, Witness(terms: terms.map { Array($0.utf8) }, epoch: Array(epoch.utf8)))
            calls[number].lastByte = said.readableBytes
        }
    }

    private mutating func reply(to command: [String], _ number: Int) -> (text: String, reply: Reply) {
        let isUsual = Int.random(in: 0..<6, using: &random) > 0
        switch command[0] {
        case "MGET":
            let epoch = isUsual || Bool.random(using: &random) ? Self.epochs[0] : Self.epochs[1]
            let reason = isUsual ? nil : Bool.random(using: &random) ? "reason \(number)" : nil
            return (
                "*3\r\n" + (reason.map(bulk) ?? "$-1\r\n") + "$-1\r\n" + bulk(epoch),
                .array([reason.map { .bulk(Array($0.utf8)) } ?? .null, .null, .bulk(Array(epoch.utf8))])
            )
        case "SETEX" where isUsual: return ("+OK\r\n", .ok)
        case "SETEX": return ("-OOM \(number)\r\n", .error(Array("OOM \(number)".utf8)))
        default: return (bulk(command[1]), .bulk(Array(command[1].utf8)))
        }
    }

    private mutating func say(_ text: String) {
        said.writeString(text)
        replyEnds.insert(said.readableBytes)
    }

    private mutating func receive(_ count: Int) throws {
        let count = min(count, said.readableBytes - arrived)
        guard count > 0, let bytes = said.getSlice(at: arrived, length: count) else { return }
        try connection.receive(bytes)
        arrived += count
        timeoutsInARow = 0
        for index in calls.indices {
            guard calls[index].outcome == nil, let lastByte = calls[index].lastByte, lastByte <= arrived else {
                continue
            }
            calls[index].outcome = calls[index].promised
        }
    }

    private mutating func cancel() {
        let waiting = calls.indices.filter { calls[$0].outcome == nil }
        guard let index = waiting.randomElement(using: &random) else { return }
        calls[index].call.finish(.failure(.cancelled))
        calls[index].outcome = .failed(.cancelled)
        tally.cancelled += 1
    }

    private mutating func advance(by time: TimeAmount) {
        connection.advance(by: time)
        for index in calls.indices {
            guard calls[index].deadline <= connection.now, let lastByte = calls[index].lastByte, lastByte > arrived
            else { continue }
            // Also of one that was cancelled.
            if calls[index].deadline > connection.now - time { timeoutsInARow += 1 }
            guard calls[index].outcome == nil else { continue }
            calls[index].outcome = .failed(.timedOut)
            tally.timedOut += 1
        }
    }

    // MARK: Comparison

    private var told: [Int: TestConnection.Outcome] = [:]

    /// A caller that was told an outcome was told its own; any other has none yet.
    private mutating func compare() throws {
        for (number, outcome) in connection.takeOutcomes() {
            #expect(told[number] == nil, "call \(number) was told twice")
            if outcome == .expected { tally.expected += 1 } else if case .failed = outcome {} else { tally.read += 1 }
            told[number] = outcome == .expected ? try expected(of: calls[number]) : outcome
        }
        for (number, call) in calls.enumerated() {
            #expect(told[number] == call.outcome, "call \(number), seed \(seed)")
        }
    }

    /// What a call is told by being told that its reply is the expected one.
    private func expected(of call: Call) throws -> TestConnection.Outcome {
        let pinnedEpoch = try #require(call.pinnedEpoch, "nothing was expected")
        if call.call is PendingCheck { return .replies([.array([.null, .null, .bulk(pinnedEpoch.epoch)])]) }
        return .witnessed([.ok], Witness(terms: pinnedEpoch.terms.bytes, epoch: pinnedEpoch.epoch))
    }
}
