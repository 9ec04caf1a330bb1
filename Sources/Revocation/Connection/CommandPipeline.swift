import NIOCore

/// The protocol of one connection, without its I/O: calls in, bytes out; bytes in, outcomes out.
///
/// A call comes in by ``submit(_:isWitnessed:timeout:now:sentAt:to:)`` and leaves by ``takeFinished(into:)``, once.
/// What else happens to the connection comes in as an event: bytes, time that passes, its end.
struct CommandPipeline: ~Copyable {
    /// Commands that may wait for their replies at once.
    static let maximumOutstanding = 65_536
    /// How long a caller waits before it is told that its call takes long.
    private static let promptness = TimeAmount.milliseconds(5)

    private let reader = HiredisReader()
    private var scanner = ReplyScanner()
    private var breaker = CircuitBreaker()
    private var calls = CallsInFlight()
    /// What the calls in flight that expect a reply compare it with.
    private var pinnedEpoch: PinnedEpoch?
    /// Whether the store has sent anything.
    private(set) var hasReceived = false
    /// Why no more calls are taken; nil while they are.
    private(set) var failure: StoreFailure?

    // MARK: In

    /// Writes calls that leave together. Calls that must not be sent are finished instead.
    /// - Parameters:
    ///   - isWitnessed: whether ``Witness/command`` is sent behind them.
    ///   - timeout: from now to the last reply.
    ///   - sentAt: the time that is passed to the calls.
    mutating func submit(
        _ batch: CallBatch, isWitnessed: Bool, timeout: TimeAmount, now: NIODeadline, sentAt: SentTime,
        to output: inout ByteBuffer
    ) {
        let batch = admitted(batch, witnessCount: isWitnessed ? 1 : 0, now: now)
        guard !batch.isEmpty else { return }
        let times = calls.times(slowAt: now + Self.promptness, deadline: now + timeout)
        batch.write(to: &output, at: sentAt) { call in
            // Compared before it is retained: nearly always it is the same.
            if call.expected?.pinnedEpoch !== pinnedEpoch, let expected = call.expected { pin(expected.pinnedEpoch) }
            calls.append(
                call, commandCount: call.commandCount, role: isWitnessed ? .witnessed : .plain,
                // A reply that is not parsed must not pass for clear while this machine's clock is wrong.
                expected: sentAt.isClockRight ? call.expected?.reply ?? .none : .none, times: times)
        }
        guard isWitnessed else { return }
        output.writeBytes(witnessCommand)
        calls.append(nil, commandCount: 1, role: .witness, expected: .witness, times: times)
    }

    /// Compares replies with another epoch from now on. Replies to earlier calls are parsed.
    private mutating func pin(_ pinnedEpoch: PinnedEpoch) {
        calls.expectNothing()
        self.pinnedEpoch = pinnedEpoch
    }

    /// The calls that may be sent; the others are finished.
    private mutating func admitted(_ batch: CallBatch, witnessCount: Int, now: NIODeadline) -> CallBatch {
        if failure == nil, breaker.isClosed, hasRoom(for: batch.commandCount + witnessCount) { return batch }
        var commandCount = witnessCount
        return batch.filtered { call in
            if let refusal = refusal(of: commandCount + call.commandCount, now: now) {
                calls.finish(call, .failure(refusal))
                return false
            }
            commandCount += call.commandCount
            return true
        }
    }

    private mutating func refusal(of commandCount: Int, now: NIODeadline) -> StoreFailure? {
        if let failure { return failure }
        guard breaker.admits(now: now) else { return .silent }
        return hasRoom(for: commandCount) ? nil : .tooManyOutstanding
    }

    private func hasRoom(for commandCount: Int) -> Bool {
        calls.outstanding + commandCount <= Self.maximumOutstanding
    }

    /// Takes bytes of the store. Bytes that no command asks for end the connection.
    mutating func receive(_ bytes: ByteBuffer) {
        guard failure == nil else { return }
        breaker.answered()
        let isFirst = !hasReceived
        hasReceived = true
        do throws(StoreFailure) {
            try read(bytes)
        } catch {
            close(isFirst && StoreFailure.isTLSRecord(bytes) ? .tlsExpected : error)
        }
    }

    private mutating func read(_ bytes: ByteBuffer) throws(StoreFailure) {
        var rest = bytes
        var expectedCount = 0
        if let pinnedEpoch, scanner.isBetweenReplies {
            let (count, end) = calls.expectedReplies(in: bytes.readableBytesSpan, by: pinnedEpoch)
            expectedCount = count
            rest.moveReaderIndex(forwardBy: end)
        }
        var outstanding = calls.outstanding - expectedCount
        // All bytes are scanned before any call leaves: replies next to bytes that break the limits do not count.
        if rest.readableBytes > 0 { try scan(rest, outstanding: &outstanding) }
        for _ in 0..<expectedCount { calls.deliverExpected() }
        guard rest.readableBytes > 0 else { return }
        while try hasParsedReply() {
            guard let expected = calls.expectedReply else { throw StoreFailure(.unsolicited) }
            if let pinnedEpoch, reader.holds(pinnedEpoch, expected) {
                calls.deliverExpected()
            } else {
                calls.deliver(reader.reply())
            }
        }
        guard calls.outstanding == outstanding else { throw StoreFailure(.malformed) }
    }

    private mutating func scan(_ bytes: ByteBuffer, outstanding: inout Int) throws(StoreFailure) {
        do throws(ReplyScanner.Violation) {
            try scanner.scan(bytes.readableBytesUInt8Span, outstanding: &outstanding)
        } catch {
            throw StoreFailure(error)
        }
        do throws(HiredisReader.ProtocolError) { try reader.feed(bytes) } catch { throw StoreFailure(.malformed) }
    }

    private func hasParsedReply() throws(StoreFailure) -> Bool {
        do throws(HiredisReader.ProtocolError) { return try reader.advance() } catch { throw StoreFailure(.malformed) }
    }

    /// When ``advance(to:failingWith:)`` has something to do; nil if nothing is in flight.
    var nextDeadline: NIODeadline? { calls.nextDeadline }

    /// Fails the calls whose time is up. Ends the connection if the oldest call has waited for too long.
    /// - Returns: the callers to be told now that their calls take long.
    mutating func advance(to now: NIODeadline, failingWith timeout: StoreFailure) -> [PendingCall] {
        for _ in 0..<calls.expire(now: now, with: timeout) { breaker.timedOut(now: now) }
        if calls.isStuck(now: now) { close(StoreFailure(.unreachable, "the store has stopped answering")) }
        return calls.becomeSlow(now: now)
    }

    /// Ends the connection: fails all calls, the ones to come included. Only the first failure counts.
    mutating func close(_ failure: StoreFailure) {
        guard self.failure == nil else { return }
        self.failure = failure
        calls.failAll(failure)
    }

    // MARK: Out

    var hasFinished: Bool { calls.hasFinished }

    /// Hands over the calls that have left, in their order, to be finished when the pipeline is at rest.
    /// - Parameter list: empty. Its memory is used again.
    mutating func takeFinished(into list: inout [CallsInFlight.Finished]) { calls.takeFinished(into: &list) }
}

/// Formatted once.
private let witnessCommand = {
    var bytes = ByteBuffer()
    bytes.write(Witness.command)
    return Array(bytes.readableBytesView)
}()
