import Denylist
import RESP
import Synchronization

/// One client's conversation: bytes in, replies out, no sockets. The transport owns it and serves it on one thread.
struct ClientSession: ~Copyable {
    /// What the transport does next.
    enum Outcome {
        /// Write the replies, then read on.
        case open
        /// Write the replies, then call ``ClientSession/resume(_:_:)`` before reading on: input is left.
        case paused
        /// Write the replies, then call ``ClientSession/resume(_:_:)`` once the log has taken something: a write waits
        /// for room in it.
        case stalled
        /// Write the replies, then close.
        case closing
    }

    /// Replies beyond this are written before more requests of the same read are executed.
    static let replyPause = 256 << 10
    /// The most that one unfinished request may take; and all of them together.
    private static let unfinishedLimit = 64 << 20
    private static let allUnfinishedLimit = 512 << 20
    /// Input that waits is counted from this size on: smaller rests are not worth it.
    private static let countedInput = 2 << 10
    /// The same of a client that has not authenticated: what it has to say is shorter.
    private static let countedStrangerInput = 512

    let client: ClientRecord
    var user: User
    var version = ProtocolVersion.two
    var isClosing = false
    var checkingPeer = CheckingPeer.none
    private var parser: RequestParser
    /// Input that waits: for the rest of a request, or for replies to leave.
    private var waiting = InputQueue()
    /// How many bytes of input it takes to go on.
    private var needed = 0
    /// The waiting input is the beginning of a line.
    private var awaitsLineEnd = false
    /// What this connection has added to ``Counters/waitingInput``, or to ``Counters/strangerInput``.
    private var charged = 0
    private var isChargedAsStranger = false

    init(client: ClientRecord, daemon: Daemon) {
        self.client = client
        user = daemon.credentials.initialUser
        client.mustAuthenticate.store(user == .nobody, ordering: .relaxed)
        parser = RequestParser(
            limits: RequestLimits(maximumBulk: daemon.configuration.maximumBulk, maximumArguments: 1 << 20),
            isAuthenticated: user != .nobody)
    }

    // MARK: Input

    /// Fills `batch` with the first commands of a read: their memory arrives while those of others are executed.
    /// - Returns: false if the read continues an earlier one, and nothing was prepared.
    func prepare(_ bytes: RawSpan, _ batch: inout CommandBatch) -> Bool {
        guard !isClosing, waiting.isEmpty else { return false }
        batch.fill(from: bytes, at: 0, by: parser)
        return true
    }

    /// Executes what is complete of a read and leaves the replies in `worker`.
    /// - Parameter isPrepared: whether `batch` is what ``prepare(_:_:)`` made of these bytes.
    mutating func receive(
        _ bytes: RawSpan, isPrepared: Bool = false, _ batch: inout CommandBatch, _ worker: inout Worker
    ) -> Outcome {
        guard mayGoOn() else { return .closing }
        begin(&worker)
        guard waiting.isEmpty else { return finish(receiveMore(bytes, &batch, &worker), &worker) }
        let (used, outcome) = execute(bytes, isPrepared: isPrepared, &batch, &worker)
        if used < bytes.byteCount, !isClosing { waiting.append(bytes.extracting(used...)) }
        return finish(outcome, &worker)
    }

    /// Goes on with a request whose beginning waits.
    private mutating func receiveMore(
        _ bytes: RawSpan, _ batch: inout CommandBatch, _ worker: inout Worker
    ) -> Outcome {
        waiting.append(bytes)
        if awaitsLineEnd, let stranger = strangerInOpenLine(bytes) {
            dismiss(stranger, &worker)
            return .closing
        }
        let isLineOpen =
            awaitsLineEnd && waiting.count < parser.maximumLine
            && !bytes.withUnsafeBytes { $0.contains(UInt8(ascii: "\n")) }
        if isLineOpen || waiting.count < needed { return .open }
        return executeWaiting(&batch, &worker)
    }

    /// Bytes that were read and have not been executed.
    var inputCount: Int { waiting.count }

    /// Keeps what was read until ``resume(_:_:)``: replies have to leave first.
    mutating func keep(_ bytes: RawSpan, _ worker: inout Worker) {
        guard !isClosing else { return }
        client.lastInteraction.store(worker.uptime, ordering: .relaxed)
        waiting.append(bytes)
        charge(waiting.count, worker.daemon.counters)
    }

    /// Goes on with the input that is left, after replies have been written.
    mutating func resume(_ batch: inout CommandBatch, _ worker: inout Worker) -> Outcome {
        guard mayGoOn() else { return .closing }
        begin(&worker)
        return finish(executeWaiting(&batch, &worker), &worker)
    }

    private mutating func executeWaiting(_ batch: inout CommandBatch, _ worker: inout Worker) -> Outcome {
        var input = InputQueue()
        swap(&input, &waiting)
        let (used, outcome) = execute(input.span, isPrepared: false, &batch, &worker)
        if !isClosing {
            input.consume(used)
            waiting = input
        }
        return outcome
    }

    /// Whether anything more is executed. Whoever was killed may have sent something since: the killer was told that
    /// it is over.
    private mutating func mayGoOn() -> Bool {
        if client.isEnding.load(ordering: .acquiring) { isClosing = true }
        return !isClosing
    }

    private func begin(_ worker: inout Worker) {
        worker.reply.version = version
        client.lastInteraction.store(worker.uptime, ordering: .relaxed)
    }

    private mutating func finish(_ outcome: Outcome, _ worker: inout Worker) -> Outcome {
        if !waiting.isEmpty || charged > 0 { checkWaiting(outcome, &worker) }
        if worker.reply.hasOverflowed { isClosing = true }
        return isClosing ? .closing : outcome
    }

    /// Counts the input that waits, and refuses to go on where that is too much.
    private mutating func checkWaiting(_ outcome: Outcome, _ worker: inout Worker) {
        charge(waiting.count, worker.daemon.counters)
        // What waits for its turn is bounded by whoever reads it; this is one request.
        guard outcome == .open, charged > 0 else { return }
        guard user != .nobody else { return checkStrangers(&worker) }
        let limit = min(Self.allUnfinishedLimit, worker.daemon.memory.clientLimit)
        if waiting.count > Self.unfinishedLimit || worker.daemon.counters.waitingInput.load(ordering: .relaxed) > limit
        {
            refuse(.tooBigRequest, &worker)
        }
    }

    private mutating func charge(_ bytes: Int, _ counters: Counters) {
        let isStranger = user == .nobody
        let due = bytes > (isStranger ? Self.countedStrangerInput : Self.countedInput) ? bytes : 0
        guard due != charged || isStranger != isChargedAsStranger else { return }
        counters.addInput(-charged, ofStranger: isChargedAsStranger)
        counters.addInput(due, ofStranger: isStranger)
        (charged, isChargedAsStranger) = (due, isStranger)
    }

    /// The connection is gone: forgets its input.
    mutating func end(_ daemon: Daemon) {
        isClosing = true
        waiting = InputQueue()
        charge(0, daemon.counters)
        forgetPeer(daemon)
    }

    // MARK: Execution

    /// Executes the complete commands of `input`: batch by batch, each prepared before it is executed.
    /// - Parameter isPrepared: whether the first batch is filled already.
    /// - Returns: where they end, and how to go on.
    private mutating func execute(
        _ input: RawSpan, isPrepared: Bool, _ batch: inout CommandBatch, _ worker: inout Worker
    ) -> (used: Int, outcome: Outcome) {
        needed = 0
        awaitsLineEnd = false
        var executed = 0
        var isFilled = isPrepared
        while true {
            if !isFilled {
                if executed > 0 { worker.readClock() }
                batch.fill(from: input, at: executed, by: parser)
            }
            isFilled = false
            for index in 0..<batch.count {
                batch.prefetch(for: index)
                guard perform(batch.arguments(of: index, in: input), batch.command(index), &worker) else {
                    return (executed, .stalled)
                }
                executed = batch.end(of: index)
                if isClosing { return (input.byteCount, .closing) }
                if worker.reply.count > Self.replyPause { return (executed, .paused) }
            }
            executed = batch.position
            switch batch.end {
            case .full: break
            case .inline(let lineEnd):
                let line = input.extracting(executed..<lineEnd)
                if let stranger = Stranger(line: line) {
                    dismiss(stranger, &worker)
                } else if !performInline(line, isFollowed: lineEnd < input.byteCount, &batch, &worker) {
                    return (executed, .stalled)
                }
                executed = lineEnd
                if isClosing { return (input.byteCount, .closing) }
                if worker.reply.count > Self.replyPause { return (executed, .paused) }
            case .incomplete(let atLeast):
                needed = atLeast - executed
                return (executed, .open)
            case .incompleteLine:
                // Nothing has to come that would make a request of it.
                if let stranger = Stranger(beginningOfLine: input.extracting(executed...)) {
                    dismiss(stranger, &worker)
                    return (input.byteCount, .closing)
                }
                awaitsLineEnd = true
                return (executed, .open)
            case .invalid(let error):
                refuse(error, &worker)
                return (input.byteCount, .closing)
            }
        }
    }

    /// Whoever goes on with a line that is not complete, if that tells already.
    /// - Parameter bytes: the last ones of ``waiting``.
    private func strangerInOpenLine(_ bytes: RawSpan) -> Stranger? {
        let end = bytes.withUnsafeBytes { $0.firstIndex(of: UInt8(ascii: "\n")) ?? $0.count }
        if Stranger.hasZero(bytes.extracting(..<end)) { return .other }
        // What stands behind the line may be an array, which may hold anything.
        let start = waiting.count - bytes.byteCount
        return start < 2 ? Stranger(beginningOfLine: waiting.span.extracting(..<(start + end))) : nil
    }

    /// A typed line is executed as the array that it stands for.
    /// - Parameter isFollowed: whether more bytes came with it.
    /// - Returns: false if it was not executed, because the log has no room.
    private mutating func performInline(
        _ line: RawSpan, isFollowed: Bool, _ batch: inout CommandBatch, _ worker: inout Worker
    ) -> Bool {
        let words: [[UInt8]]
        do { words = try InlineRequest.split(line) } catch {
            refuse(error, &worker)
            return true
        }
        guard !words.isEmpty else { return true }
        let encoded = InlineRequest.encode(words)
        batch.fill(from: encoded.span.bytes, at: 0, by: parser)
        guard batch.count == 1 else {
            refuse(.tooBigInlineRequest, &worker)
            return true
        }
        let arguments = batch.arguments(of: 0, in: encoded.span.bytes)
        guard batch.command(0) < 0 else { return perform(arguments, batch.command(0), &worker) }
        refuseUnknownLine(arguments, isFollowed: isFollowed, &worker)
        return true
    }

    /// Takes on another user, with the limits that go with it.
    mutating func become(_ user: User) {
        self.user = user
        parser.isAuthenticated = user != .nobody
        client.mustAuthenticate.store(user == .nobody, ordering: .relaxed)
        client.details.withLock { $0.user = user }
    }

    mutating func speak(_ version: ProtocolVersion, _ worker: inout Worker) {
        self.version = version
        worker.reply.version = version
        client.details.withLock { $0.version = version.rawValue }
    }

    mutating func refuse(_ error: ProtocolError, _ worker: inout Worker) {
        worker.fail(bytes: Array("ERR Protocol error: ".utf8) + error.messageBytes)
        isClosing = true
    }
}
