import NIOCore

/// The protocol of one connection, without its I/O: commands go out in order, and replies come back in the same order.
///
/// A caller whose time is up is let go, but its place stays until its replies have come, which are then dropped: so the
/// connection outlives its callers.
struct CommandPipeline<Caller>: ~Copyable {
    /// Commands that may wait for their replies at once.
    static var maximumOutstanding: Int { 65_536 }

    enum Action {
        /// The replies to a caller's commands, in their order.
        case deliver(Caller, PendingCall.Answer)
        /// The one reply is the hoped-for one.
        case deliverExpected(Caller)
        /// The rest has not arrived.
        case wait
        /// The store does not keep to the protocol: the connection must be closed.
        case close(StoreFailure)
    }

    private struct Call {
        /// nil once it was failed.
        var caller: Caller?
        let deadline: NIODeadline
        let lateAt: NIODeadline
        let replyCount: Int
        /// What its one command hopes for under ``belief``.
        var hope: PendingCall.ExpectedReply.Reply
        let role: Role
    }

    /// What a call's replies have to do with a witness.
    private enum Role {
        /// Nothing: they are delivered as they come.
        case plain
        /// They are delivered with the witness behind them.
        case witnessed
        /// They are the witness.
        case witness
    }

    private let reader = HiredisReader()
    private var scanner = ReplyScanner()
    private var calls = CircularBuffer<Call>()
    /// What the calls that hope for something believe: kept once, as calls come and go.
    private var belief: PinnedEpoch?
    /// Those of the call at the front that have come.
    private var replies: [Reply] = []
    /// Calls at the front that have expired and only wait for their late replies.
    private var expiredCount = 0
    /// Calls at the front whose callers were told that they take long.
    private var lateCount = 0
    /// Commands whose replies hiredis has not given out.
    private var outstanding = 0
    /// Commands whose replies the scanner has not seen whole.
    private var unscanned = 0
    /// Calls at the front whose replies have come and are the hoped-for ones.
    private var hopedFor = 0
    /// The replies to the calls at the front that wait for their witness.
    private var unwitnessed = CircularBuffer<[Reply]>()
    /// The witness of ``unwitnessed``, once it has come: they are delivered now.
    private var witness: Result<Witness, StoreFailure>?
    /// How long after its deadline the oldest call may stay unanswered before the connection counts as dead.
    private let patience: TimeAmount

    init(patience: TimeAmount) {
        self.patience = patience
    }

    /// Whether so many more commands may be sent.
    func hasRoom(for commandCount: Int) -> Bool { outstanding + commandCount <= Self.maximumOutstanding }

    /// Takes note of a call whose commands are sent behind those of the calls before. There is room for it.
    /// - Parameter lateAt: when its caller is to be told that it takes long.
    /// - Parameter hope: what a call of one command expects to hear.
    mutating func sent(
        _ commandCount: Int, for caller: Caller, deadline: NIODeadline, lateAt: NIODeadline = .distantFuture,
        hope: PendingCall.ExpectedReply? = nil, isWitnessed: Bool = false
    ) {
        if let hope, hope.belief !== belief { believe(hope.belief) }
        sent(
            commandCount, for: caller, deadline: deadline, lateAt: lateAt, hope: hope?.reply ?? .none,
            isWitnessed ? .witnessed : .plain)
    }

    /// Takes note of ``Witness/command``, sent behind calls that are witnessed. There is room for it.
    mutating func sentWitness(deadline: NIODeadline, lateAt: NIODeadline = .distantFuture) {
        sent(1, for: nil, deadline: deadline, lateAt: lateAt, hope: .witness, .witness)
    }

    private mutating func sent(
        _ commandCount: Int, for caller: Caller?, deadline: NIODeadline, lateAt: NIODeadline,
        hope: PendingCall.ExpectedReply.Reply, _ role: Role
    ) {
        precondition(commandCount > 0, "a call has at least one command")
        // Nothing is acknowledged that nobody witnesses.
        let hope = hope == .ok && role == .plain ? .none : hope
        outstanding += commandCount
        unscanned += commandCount
        calls.append(
            Call(
                caller: caller, deadline: deadline, lateAt: lateAt, replyCount: commandCount, hope: hope, role: role))
    }

    /// What was sent under another belief hopes for nothing any more: its replies are given out as they are.
    private mutating func believe(_ belief: PinnedEpoch) {
        for index in calls.indices { calls[index].hope = .none }
        self.belief = belief
    }

    /// Takes bytes of the store; ``next()`` says what they mean. Nothing is to be fed after a failure.
    /// - Throws: what the connection must be closed with.
    mutating func receive(_ bytes: ByteBuffer) throws(StoreFailure) {
        var bytes = bytes
        bytes.moveReaderIndex(forwardBy: recognise(bytes))
        guard bytes.readableBytes > 0 else { return }
        do throws(ReplyScanner.Violation) {
            try scanner.scan(bytes.readableBytesUInt8Span, outstanding: &unscanned)
        } catch {
            throw StoreFailure(error)
        }
        do throws(HiredisReader.ProtocolError) {
            try reader.feed(bytes)
        } catch {
            throw StoreFailure(.malformed)
        }
    }

    /// Takes away the replies that are, byte for byte, what their calls hope for: nearly all that come. The first other
    /// one, and whatever comes with it, is the scanner's and the reader's. So are replies whose witness is not there
    /// too.
    /// - Returns: how many bytes they have.
    private mutating func recognise(_ bytes: ByteBuffer) -> Int {
        guard hopedFor == 0, outstanding == unscanned, scanner.isBetweenReplies, unwitnessed.isEmpty, let belief
        else { return 0 }
        let span = bytes.readableBytesSpan
        var (end, position, count) = (0, 0, 0)
        var index = calls.startIndex
        while index != calls.endIndex,
            let next = belief.end(of: calls[index].hope, in: span, from: position)
        {
            position = next
            count += 1
            if calls[index].role != .witnessed { (end, hopedFor) = (position, count) }
            index = calls.index(after: index)
        }
        unscanned -= hopedFor
        return end
    }

    /// What is to be done now; to be asked until it says ``Action/wait`` or ``Action/close(_:)``.
    mutating func next() -> Action {
        while hopedFor > 0 {
            if let caller = takeHopedFor() { return .deliverExpected(caller) }
        }
        while true {
            if let witness {
                if let (caller, replies) = takeWitnessed() {
                    if let caller { return .deliver(caller, .witnessed(replies, witness)) }
                    continue
                }
                self.witness = nil
            }
            do throws(HiredisReader.ProtocolError) {
                guard try reader.advance() else { return .wait }
                guard let call = self.call(unwitnessed.count) else { return .close(StoreFailure(.unsolicited)) }
                outstanding -= 1
                if call.replyCount == 1, call.role == .plain {
                    removeFirst()
                    guard let caller = call.caller else { continue }
                    if let belief, reader.holds(belief, call.hope) { return .deliverExpected(caller) }
                    return .deliver(caller, .replies([reader.reply()]))
                }
                replies.append(reader.reply())
                guard replies.count == call.replyCount else { continue }
                let all = replies
                replies = []
                switch call.role {
                case .plain:
                    removeFirst()
                    if let caller = call.caller { return .deliver(caller, .replies(all)) }
                case .witnessed: unwitnessed.append(all)
                case .witness:
                    witness = Result { () throws(StoreFailure) in try Witness(all[0]) }
                }
            } catch {
                return .close(StoreFailure(.malformed))
            }
        }
    }

    /// Takes the first call away that has its witness; at last the witness itself.
    /// - Returns: its caller, unless that was failed, and its replies; nil if there is none.
    private mutating func takeWitnessed() -> (caller: Caller?, replies: [Reply])? {
        let caller = calls.first?.caller
        removeFirst()
        guard !unwitnessed.isEmpty else { return nil }
        return (caller, unwitnessed.removeFirst())
    }

    /// Adds the callers that are to be done with first: those whose reply was recognised as the hoped-for one.
    mutating func deliverExpected(to list: inout [Caller]) {
        while hopedFor > 0 {
            guard let caller = takeHopedFor() else { continue }
            // Not copied.
            list.append(consume caller)
        }
    }

    private mutating func takeHopedFor() -> Caller? {
        hopedFor -= 1
        outstanding -= 1
        // Taken out, where removing it would copy it first.
        let caller = calls.modify(calls.startIndex) { $0.caller.take() }
        removeFirst()
        return caller
    }

    /// Everything that is to be done now.
    /// - Returns: the answers, each for its caller; and what the connection must be closed with, if so.
    mutating func deliver() -> ([(Caller, PendingCall.Answer)], StoreFailure?) {
        var list: [(Caller, PendingCall.Answer)] = []
        while true {
            switch next() {
            case .deliver(let caller, let answer): list.append((caller, answer))
            case .deliverExpected(let caller): list.append((caller, .expected))
            case .wait: return (list, nil)
            case .close(let failure): return (list, failure)
            }
        }
    }

    private mutating func removeFirst() {
        expiredCount = max(0, expiredCount - 1)
        lateCount = max(0, lateCount - 1)
        calls.removeFirst(1)
    }

    /// When ``late(now:)`` or ``expire(now:)`` has something to do; nil if nothing is in flight.
    var nextDeadline: NIODeadline? {
        guard let oldest = calls.first else { return nil }
        let deadline = call(expiredCount)?.deadline ?? oldest.deadline + patience
        return call(lateCount).map { min($0.lateAt, deadline) } ?? deadline
    }

    private func call(_ number: Int) -> Call? {
        number < calls.count ? calls[calls.index(calls.startIndex, offsetBy: number)] : nil
    }

    /// The callers who are to be told now that their calls take long. These times are taken to be in the order of the
    /// calls, like the deadlines.
    mutating func late(now: NIODeadline) -> [Caller] {
        var callers: [Caller] = []
        while let call = call(lateCount), call.lateAt <= now {
            if let caller = call.caller { callers.append(caller) }
            lateCount += 1
        }
        return callers
    }

    /// The callers whose time is up.
    mutating func expire(now: NIODeadline) -> [Caller] {
        var callers: [Caller] = []
        while expiredCount < calls.count {
            let index = calls.index(calls.startIndex, offsetBy: expiredCount)
            guard calls[index].deadline <= now else { break }
            if let caller = calls[index].caller { callers.append(caller) }
            calls[index].caller = nil
            expiredCount += 1
        }
        return callers
    }

    /// Whether the oldest call has waited so long that the connection must be taken for dead.
    func isStuck(now: NIODeadline) -> Bool {
        guard let oldest = calls.first else { return false }
        return oldest.deadline + patience <= now
    }

    /// Ends the connection.
    /// - Returns: the callers that now get no replies.
    mutating func end() -> [Caller] {
        let callers = calls.compactMap(\.caller)
        calls.removeAll()
        expiredCount = 0
        lateCount = 0
        hopedFor = 0
        unwitnessed.removeAll()
        witness = nil
        return callers
    }
}

extension StoreFailure {
    init(_ violation: ReplyScanner.Violation) {
        switch violation {
        case .unsolicited: self.init(.malformedReply, "the store sent more replies than there were commands")
        case .tooLarge:
            self.init(.malformedReply, "the store announced a reply larger than any that it could be asked for")
        case .malformed: self.init(.malformedReply, "the store sent bytes that are no RESP2 reply")
        }
    }
}

extension CommandPipeline where Caller == PendingCall {
    /// Appends the commands of calls that are sent together, and takes note of them, in their order. There is room for
    /// them.
    /// - Parameter isWitnessed: whether ``Witness/command`` is sent behind them, for which there is room too.
    mutating func send(
        _ batch: CallBatch, deadline: NIODeadline, lateAt: NIODeadline, isWitnessed: Bool = false,
        to bytes: inout ByteBuffer, at now: SentTime
    ) {
        let role = isWitnessed ? Role.witnessed : .plain
        batch.write(to: &bytes, at: now) { call in
            // Compared before it is taken in hand: nearly always it is the same.
            if call.hope?.belief !== belief, let hope = call.hope { believe(hope.belief) }
            sent(
                call.commandCount, for: call, deadline: deadline, lateAt: lateAt,
                // The reply that is compared and not read must not pass for clear while this machine's clock is wrong.
                hope: now.isClockRight ? call.hope?.reply ?? .none : .none, role)
        }
        guard isWitnessed else { return }
        bytes.writeBytes(witnessCommand)
        sentWitness(deadline: deadline, lateAt: lateAt)
    }
}

/// Formatted once.
private let witnessCommand = {
    var bytes = ByteBuffer()
    bytes.write(Witness.command)
    return Array(bytes.readableBytesView)
}()
