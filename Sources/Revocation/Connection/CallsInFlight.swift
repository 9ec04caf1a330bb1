import NIOCore

/// The calls of one connection that were sent, each until it is finished: the state of ``CommandPipeline``.
///
/// A reply does not say which command it answers: replies come in the order of the commands. So a call keeps its place
/// until its last reply has come, even if its caller no longer waits. Each call knows the numbers of its replies, and
/// gets no others. A call comes in by ``append(_:commandCount:role:expected:times:)`` and leaves by
/// ``takeFinished(into:)``, once, with what came of it.
struct CallsInFlight: ~Copyable {
    enum Role {
        /// The caller waits for the replies only.
        case plain
        /// The caller waits for the replies and for the witness behind them.
        case witnessed
        /// ``Witness/command``, sent behind calls that are witnessed. Has no caller.
        case witness
    }

    /// When a caller is told that its call takes long, and when it fails.
    typealias Times = (slowAt: NIODeadline, deadline: NIODeadline)

    /// A call that has left. Finish it when the pipeline is at rest: its caller may send again at once.
    typealias Finished = (call: PendingCall, outcome: PendingCall.Outcome)

    private enum State {
        case waiting
        /// The caller was told that the call takes long.
        case slow
        /// The call has failed and left. Its late replies are dropped.
        case expired
    }

    private struct Place {
        /// nil once the call has left, and in the place of a witness.
        var caller: PendingCall?
        var state = State.waiting
        let role: Role
        /// The reply to its one command that may be compared instead of parsed.
        var expected: PendingCall.ExpectedReply.Reply
        let times: Times
        /// The numbers of its replies. The first reply on a connection is number 1.
        let replyNumbers: ClosedRange<Int>
        /// The replies received so far.
        var replies: [Reply] = []
    }

    /// How long after its deadline the oldest call may stay unanswered before the connection counts as dead.
    private static let patience = TimeAmount.seconds(5)

    /// In the order of the commands. Times never decrease along it, so expired calls come first, then slow ones. Calls
    /// that only lack their witness come before calls that lack a reply.
    private var places = CircularBuffer<Place>()
    /// The number of the last reply that is due.
    private var lastDue = 0
    /// The number of the last reply that has come.
    private var lastReceived = 0
    private var finished: [Finished] = []

    /// Commands whose replies are due.
    var outstanding: Int { lastDue - lastReceived }

    /// Gives a call its place behind the others. Its commands must follow theirs on the wire.
    /// - Parameter caller: nil for a witness.
    mutating func append(
        _ caller: PendingCall?, commandCount: Int, role: Role, expected: PendingCall.ExpectedReply.Reply, times: Times
    ) {
        places.append(
            Place(
                caller: caller, role: role,
                expected: commandCount == 1 && expected.isAllowed(for: role) ? expected : .none, times: times,
                replyNumbers: lastDue + 1...lastDue + commandCount))
        lastDue += commandCount
    }

    /// Times no earlier than those of the calls before: replies come in order, and so do failures.
    func times(slowAt: NIODeadline, deadline: NIODeadline) -> Times {
        guard let last = places.last?.times else { return (min(slowAt, deadline), deadline) }
        let deadline = max(deadline, last.deadline)
        return (max(min(slowAt, deadline), last.slowAt), deadline)
    }

    // MARK: Replies

    /// Compares replies with what their calls expect, up to the first that differs or is incomplete. Witnessed calls
    /// count only together with their witness.
    /// - Returns: how many replies are as expected, and where they end.
    func expectedReplies(in bytes: RawSpan, by pinnedEpoch: PinnedEpoch) -> (count: Int, end: Int) {
        guard dueIndex == 0 else { return (0, 0) }
        var (found, position, count) = ((count: 0, end: 0), 0, 0)
        var index = places.startIndex
        while index != places.endIndex,
            let next = pinnedEpoch.end(of: places[index].expected, in: bytes, from: position)
        {
            position = next
            count += 1
            if places[index].role != .witnessed { found = (count, position) }
            index = places.index(after: index)
        }
        return found
    }

    /// What the call expects that the next reply is due to; nil if no reply is due.
    var expectedReply: PendingCall.ExpectedReply.Reply? { outstanding > 0 ? places[due].expected : nil }

    /// Replies that are due are not compared any more.
    mutating func expectNothing() {
        for index in places.indices { places[index].expected = .none }
    }

    /// The next reply is the expected one.
    mutating func deliverExpected() {
        lastReceived += 1
        // Taken out, where removing it would copy it first.
        let caller = places.modify(places.startIndex) { place in
            precondition(place.replyNumbers == lastReceived...lastReceived, "a reply goes to the call that it answers")
            return place.caller.take()
        }
        places.removeFirst(1)
        finish(caller, .success(.expected))
    }

    /// The next reply, where it had to be parsed.
    mutating func deliver(_ reply: Reply) {
        let due = due
        lastReceived += 1
        let (role, numbers) = (places[due].role, places[due].replyNumbers)
        precondition(numbers.contains(lastReceived), "a reply goes to the call that it answers")
        guard role != .witness else { return deliver(Result { () throws(StoreFailure) in try Witness(reply) }) }
        // Not by the subscript, which would copy the replies before.
        places.modify(due) { place in if place.state != .expired { place.replies.append(reply) } }
        guard role == .plain, lastReceived == numbers.upperBound else { return }
        precondition(due == places.startIndex, "a witness stands between witnessed calls and others")
        let place = places.removeFirst()
        finish(place.caller, .success(.replies(place.replies)))
    }

    /// Finishes all calls up to the witness. They have their replies.
    private mutating func deliver(_ witness: Result<Witness, StoreFailure>) {
        while case let place = places.removeFirst(), place.role != .witness {
            precondition(place.role == .witnessed && place.replyNumbers.upperBound < lastReceived, "in order")
            finish(place.caller, .success(.witnessed(place.replies, witness)))
        }
    }

    /// The call that the next reply is due to.
    private var due: CircularBuffer<Place>.Index { places.index(places.startIndex, offsetBy: dueIndex) }

    private var dueIndex: Int {
        guard let first = places.first, first.replyNumbers.upperBound <= lastReceived else { return 0 }
        return firstIndex { $0.replyNumbers.upperBound > lastReceived }
    }

    // MARK: Time

    /// When there is something to do as time passes; nil if nothing is in flight.
    var nextDeadline: NIODeadline? {
        guard let oldest = places.first else { return nil }
        if oldest.state == .waiting { return oldest.times.slowAt }
        return [
            place(firstIndex { $0.state == .waiting })?.times.slowAt,
            place(firstIndex { $0.state != .expired })?.times.deadline, oldest.times.deadline + Self.patience,
        ].compactMap(\.self).min()
    }

    /// Whether the oldest call has waited too long: the connection counts as dead.
    func isStuck(now: NIODeadline) -> Bool { places.first.map { $0.times.deadline + Self.patience <= now } ?? false }

    /// Fails the calls whose time is up.
    /// - Returns: how many.
    mutating func expire(now: NIODeadline, with failure: StoreFailure) -> Int {
        var count = 0
        for index in firstIndex(where: { $0.state != .expired })..<places.count {
            let index = places.index(places.startIndex, offsetBy: index)
            guard places[index].times.deadline <= now else { break }
            if places[index].role != .witness { count += 1 }
            finish(places[index].caller.take(), .failure(failure))
            places[index].replies = []
            places[index].state = .expired
        }
        return count
    }

    /// The callers to be told now that their calls take long.
    mutating func becomeSlow(now: NIODeadline) -> [PendingCall] {
        var callers: [PendingCall] = []
        for index in firstIndex(where: { $0.state == .waiting })..<places.count {
            let index = places.index(places.startIndex, offsetBy: index)
            guard places[index].times.slowAt <= now else { break }
            places[index].state = .slow
            if let caller = places[index].caller { callers.append(caller) }
        }
        return callers
    }

    /// The first place of which something is true that is true of all behind it too.
    private func firstIndex(where isTrue: (borrowing Place) -> Bool) -> Int {
        var candidates = 0..<places.count
        while !candidates.isEmpty {
            let middle = (candidates.lowerBound + candidates.upperBound) / 2
            if isTrue(places[places.index(places.startIndex, offsetBy: middle)]) {
                candidates = candidates.lowerBound..<middle
            } else {
                candidates = middle + 1..<candidates.upperBound
            }
        }
        return candidates.lowerBound
    }

    private func place(_ index: Int) -> Place? {
        index < places.count ? places[places.index(places.startIndex, offsetBy: index)] : nil
    }

    // MARK: Out

    /// Fails all calls. No reply is due any more.
    mutating func failAll(_ failure: StoreFailure) {
        for place in places { finish(place.caller, .failure(failure)) }
        places.removeAll()
        lastReceived = lastDue
    }

    /// The one way out. Also of calls that were not sent.
    mutating func finish(_ caller: consuming PendingCall?, _ outcome: consuming PendingCall.Outcome) {
        if let caller { finished.append((caller, outcome)) }
    }

    var hasFinished: Bool { !finished.isEmpty }

    /// Hands over the calls that have left.
    /// - Parameter list: empty. Its memory is used again.
    mutating func takeFinished(into list: inout [Finished]) {
        precondition(list.isEmpty, "calls are finished before the next ones are taken")
        swap(&list, &finished)
    }
}

extension PendingCall.ExpectedReply.Reply {
    /// Nothing is acknowledged that is not witnessed.
    fileprivate func isAllowed(for role: CallsInFlight.Role) -> Bool {
        switch role {
        case .plain: self != .ok
        case .witnessed: self == .ok
        case .witness: self == .witness
        }
    }
}
