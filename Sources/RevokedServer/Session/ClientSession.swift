import Denylist
import RESP
import Synchronization

/// One client's conversation: bytes in, replies out, no sockets. The transport owns it and serves it on one thread.
struct ClientSession: ~Copyable {
    /// What the transport does next.
    enum Outcome {
        /// Write the replies, then read on.
        case open
        /// Write the replies, then call ``Session/resume(_:_:)`` before reading on: input is left.
        case paused
        /// Write the replies, then call ``Session/resume(_:_:)`` once the log has taken something: a write waits for
        /// room in it.
        case stalled
        /// Write the replies, then close.
        case closing
    }

    /// Replies beyond this are written before more requests of the same read are executed.
    static let replyPause = 256 << 10
    /// Requests of one read that are parsed and whose keys are hashed before the first is executed: so many that the
    /// wait for memory is over by then, so few that what was fetched is still in the processor's first cache. Several
    /// reads together make up less than twice as many.
    static let batchRequests = 64
    private static let batchArguments = 128
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

    /// The first requests of a read: parsed, and their keys hashed.
    struct Prepared {
        /// Their numbers in the batch.
        fileprivate let requests: Range<Int>
        /// How many of other connections stand before them.
        fileprivate let before: Int
        /// Where they begin in the input.
        fileprivate let start: Int
        /// Where they end in the input.
        fileprivate let end: Int
        /// Why there are no more.
        fileprivate let stop: Stop

        /// Whether they are all that there is to execute.
        var isComplete: Bool {
            switch stop {
            case .incomplete, .incompleteLine: true
            case .full, .inline, .invalid: false
            }
        }
    }

    /// Parses the first requests of a read and adds them to `batch`, in which others' may stand.
    /// - Returns: nil if what was read goes on where another read ended, or the session is over.
    func prepare(
        _ input: RawSpan, from start: Int, _ batch: inout RequestBatch, _ worker: inout Worker
    ) -> Prepared? {
        isClosing || !waiting.isEmpty ? nil : fill(&batch, from: input, at: start, &worker)
    }

    /// Executes what is complete of a read and leaves the replies in `worker`.
    /// - Parameters:
    ///   - input: up to the end of what was read, which begins at `start`.
    ///   - prepared: what ``prepare(_:from:_:_:)`` returned. Unless it is complete, `batch` holds nothing afterwards
    ///     that another session could execute.
    mutating func receive(
        _ input: RawSpan, from start: Int, _ prepared: Prepared?, _ batch: inout RequestBatch, _ worker: inout Worker
    ) -> Outcome {
        guard !isClosing else { return .closing }
        begin(&worker)
        guard let prepared else {
            let bytes = input.extracting(start...)
            waiting.append(bytes)
            let isLineOpen =
                awaitsLineEnd && waiting.count < parser.maximumLine
                && !bytes.withUnsafeBytes { $0.contains(UInt8(ascii: "\n")) }
            if awaitsLineEnd, let stranger = strangerInOpenLine(bytes) { dismiss(stranger, &worker) }
            if isClosing { return finish(.closing, &worker) }
            if isLineOpen || waiting.count < needed { return finish(.open, &worker) }
            return finish(executeWaiting(&batch, &worker), &worker)
        }
        let (used, outcome) = execute(input, prepared, &batch, &worker)
        if used < input.byteCount, !isClosing {
            waiting.append(input.extracting(used...))
        }
        return finish(outcome, &worker)
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

    /// The same for a read that is served by itself.
    mutating func receive(_ bytes: RawSpan, _ batch: inout RequestBatch, _ worker: inout Worker) -> Outcome {
        Self.clear(&batch, &worker)
        let prepared = prepare(bytes, from: 0, &batch, &worker)
        return receive(bytes, from: 0, prepared, &batch, &worker)
    }

    /// Goes on with the input that is left, after replies have been written.
    mutating func resume(_ batch: inout RequestBatch, _ worker: inout Worker) -> Outcome {
        guard !isClosing else { return .closing }
        begin(&worker)
        return finish(executeWaiting(&batch, &worker), &worker)
    }

    private mutating func executeWaiting(_ batch: inout RequestBatch, _ worker: inout Worker) -> Outcome {
        var input = InputQueue()
        swap(&input, &waiting)
        Self.clear(&batch, &worker)
        let prepared = fill(&batch, from: input.span, at: 0, &worker)
        let (used, outcome) = execute(input.span, prepared, &batch, &worker)
        if !isClosing {
            input.consume(used)
            waiting = input
        }
        return outcome
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

    /// Forgets the requests that have been executed.
    static func clear(_ batch: inout RequestBatch, _ worker: inout Worker) {
        batch.removeAll()
        worker.forgetHashes()
    }

    /// Executes the complete requests of `input`: batch by batch, each parsed and fetched before it is executed.
    /// - Parameter prepared: the first of them.
    /// - Returns: where they end, and how to go on.
    private mutating func execute(
        _ input: RawSpan, _ prepared: Prepared, _ batch: inout RequestBatch, _ worker: inout Worker
    ) -> (used: Int, outcome: Outcome) {
        var prepared = prepared
        needed = 0
        awaitsLineEnd = false
        while true {
            var position = prepared.before
            var executedEnd = prepared.start
            for index in prepared.requests {
                let request = batch[index]
                var done = 0
                while done < request.times {
                    let ahead = Worker.requestsAtOnce - position % Worker.requestsAtOnce
                    if ahead == Worker.requestsAtOnce { worker.prefetch(for: batch.requestCount) }
                    var run = min(request.times - done, ahead)
                    if !performChecks(request, done..<(done + run), of: batch, input, &worker) {
                        let arguments = Arguments(of: request, number: done, in: batch, input: input)
                        guard perform(arguments, request.tag, &worker) else { return (executedEnd, .stalled) }
                        run = 1
                    }
                    done += run
                    executedEnd = request.end(of: done)
                    position += run
                    if isClosing { return (input.byteCount, .closing) }
                    if worker.reply.bytes.count > Self.replyPause { return (executedEnd, .paused) }
                }
            }
            var end = prepared.end
            switch prepared.stop {
            case .full: break
            case .inline(let lineEnd):
                let line = input.extracting(end..<lineEnd)
                if let stranger = Stranger(line: line) {
                    dismiss(stranger, &worker)
                } else if !performInline(line, isFollowed: lineEnd < input.byteCount, &worker) {
                    return (end, .stalled)
                }
                end = lineEnd
                if isClosing { return (input.byteCount, .closing) }
                if worker.reply.bytes.count > Self.replyPause { return (end, .paused) }
            case .incomplete(let atLeast):
                needed = atLeast - end
                return (end, .open)
            case .incompleteLine:
                // Nothing has to come that would make a request of it.
                if let stranger = Stranger(beginningOfLine: input.extracting(end...)) {
                    dismiss(stranger, &worker)
                    return (input.byteCount, .closing)
                }
                awaitsLineEnd = true
                return (end, .open)
            case .invalid(let error):
                refuse(error, &worker)
                return (input.byteCount, .closing)
            }
            Self.clear(&batch, &worker)
            prepared = fill(&batch, from: input, at: end, &worker)
        }
    }

    fileprivate enum Stop {
        case full
        case inline(end: Int)
        case incomplete(atLeast: Int)
        case incompleteLine
        case invalid(ProtocolError)
    }

    /// Parses as many requests as are executed at once, and hashes their keys.
    private func fill(
        _ batch: inout RequestBatch, from input: RawSpan, at start: Int, _ worker: inout Worker
    ) -> Prepared {
        let (first, before) = (batch.count, batch.requestCount)
        var position = start
        // Authenticating changes the limits of what follows.
        let most = parser.isAuthenticated ? Self.batchRequests : 1
        let outcome = parser.fill(
            &batch, requests: before + most, arguments: batch.argumentCount + Self.batchArguments, from: input,
            at: &position)
        Self.prepare(&batch, from: first, input, &worker)
        let stop: Stop =
            switch outcome {
            case nil, .request, .nothing: .full
            case .inline(let end): .inline(end: end)
            case .incomplete(let atLeast): .incomplete(atLeast: atLeast)
            case .incompleteLine: .incompleteLine
            case .invalid(let error): .invalid(error)
            }
        return Prepared(requests: first..<batch.count, before: before, start: start, end: position, stop: stop)
    }

    /// Finds the requests' commands, hashes their keys and begins to ask for the memory where those are.
    private static func prepare(
        _ batch: inout RequestBatch, from first: Int, _ input: RawSpan, _ worker: inout Worker
    ) {
        for index in first..<batch.count {
            let request = batch[index]
            let tag = worker.commands.find(input.extracting(batch.argument(request.first).range))
            batch.setTag(tag, of: index)
            guard tag >= 0 else { continue }
            let command = worker.commands.commands[tag]
            guard command.firstKey > 0 else { continue }
            let mayInsert = command.flags.contains(.write)
            if request.times > 1, command.firstKey == 1 {
                let key = batch.argument(request.first + 1).range
                let note = worker.prepare(
                    input.extracting(key.lowerBound...), count: request.times, length: key.count,
                    distance: request.size,
                    mayInsert: mayInsert)
                batch.setNote(note, ofArgument: request.first + 1)
                continue
            }
            let last = command.lastKey < 0 ? request.count + command.lastKey : command.lastKey
            var key = command.firstKey
            while key <= last, key < request.count {
                let argument = request.first + key
                let bytes = input.extracting(batch.argument(argument).range)
                batch.setNote(worker.prepare(bytes, mayInsert: mayInsert), ofArgument: argument)
                key += command.keyStep
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
    private mutating func performInline(_ line: RawSpan, isFollowed: Bool, _ worker: inout Worker) -> Bool {
        let words: [[UInt8]]
        do { words = try InlineRequest.split(line) } catch {
            refuse(error, &worker)
            return true
        }
        guard !words.isEmpty else { return true }
        let encoded = InlineRequest.encode(words)
        var batch = RequestBatch()
        guard case .request = parser.parse(encoded.span.bytes, from: 0, into: &batch) else {
            refuse(.tooBigInlineRequest, &worker)
            return true
        }
        worker.forgetHashes()
        Self.prepare(&batch, from: 0, encoded.span.bytes, &worker)
        let arguments = Arguments(of: batch[0], in: batch, input: encoded.span.bytes)
        guard batch[0].tag < 0 else { return perform(arguments, batch[0].tag, &worker) }
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
