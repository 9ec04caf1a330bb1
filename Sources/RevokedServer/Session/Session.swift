import Denylist
import RESP
import Synchronization

/// One client's conversation: bytes in, replies out, no sockets. The transport owns it and serves it on one thread.
struct Session: ~Copyable {
    /// What the transport does next.
    enum Outcome {
        /// Write the replies, then read on.
        case open
        /// Write the replies, then call ``Session/resume(_:_:)`` before reading on: input is left.
        case paused
        /// Write the replies, then close.
        case closing
    }

    /// Replies beyond this are written before more requests of the same read are executed.
    static let replyPause = 256 << 10
    /// Requests that are parsed and whose keys are hashed before the first is executed: so many that the wait for memory is
    /// over by then, so few that what was fetched is still in the processor's first cache.
    private static let batchRequests = 64
    private static let batchArguments = 128
    /// The most that one unfinished request may take; and all of them together.
    private static let unfinishedLimit = 64 << 20
    private static let allUnfinishedLimit = 512 << 20

    let client: ClientRecord
    var user: User
    var version = ProtocolVersion.two
    var isClosing = false
    private var parser: RequestParser
    /// Input that waits: for the rest of a request, or for replies to leave.
    private var waiting: [UInt8] = []
    /// How many bytes of input it takes to go on.
    private var needed = 0
    /// The waiting input is the beginning of a line.
    private var awaitsLineEnd = false
    /// What this connection has added to ``Counters/waitingInput``.
    private var charged = 0

    init(client: ClientRecord, daemon: Daemon) {
        self.client = client
        user = daemon.credentials.initialUser
        parser = RequestParser(
            limits: RequestLimits(maximumBulk: daemon.configuration.maximumBulk, maximumArguments: 1 << 20),
            isAuthenticated: user != .nobody)
    }

    // MARK: Input

    /// Takes bytes that were read, executes what is complete and leaves the replies in `worker`.
    mutating func receive(_ bytes: RawSpan, _ batch: inout RequestBatch, _ worker: inout Worker) -> Outcome {
        guard !isClosing else { return .closing }
        begin(&worker)
        guard waiting.isEmpty else {
            bytes.withUnsafeBytes { waiting.append(contentsOf: $0) }
            let isLineOpen =
                awaitsLineEnd && waiting.count < RequestLimits.maximumLine
                && !bytes.withUnsafeBytes { $0.contains(UInt8(ascii: "\n")) }
            if isLineOpen || waiting.count < needed { return finish(.open, &worker) }
            return finish(executeWaiting(&batch, &worker), &worker)
        }
        let (used, outcome) = execute(bytes, &batch, &worker)
        if used < bytes.byteCount, !isClosing {
            bytes.extracting(used..<bytes.byteCount).withUnsafeBytes { waiting.append(contentsOf: $0) }
        }
        return finish(outcome, &worker)
    }

    /// Goes on with the input that is left, after replies have been written.
    mutating func resume(_ batch: inout RequestBatch, _ worker: inout Worker) -> Outcome {
        guard !isClosing else { return .closing }
        begin(&worker)
        return finish(executeWaiting(&batch, &worker), &worker)
    }

    private mutating func executeWaiting(_ batch: inout RequestBatch, _ worker: inout Worker) -> Outcome {
        var input: [UInt8] = []
        swap(&input, &waiting)
        let (used, outcome) = execute(input.span.bytes, &batch, &worker)
        if used < input.count, !isClosing {
            input.removeFirst(used)
            waiting = input
        }
        return outcome
    }

    private func begin(_ worker: inout Worker) {
        worker.reply.version = version
        client.lastInteraction.store(worker.uptime, ordering: .relaxed)
    }

    private mutating func finish(_ outcome: Outcome, _ worker: inout Worker) -> Outcome {
        if !waiting.isEmpty || charged > 0 { checkWaiting(&worker) }
        if worker.reply.hasOverflowed { isClosing = true }
        return isClosing ? .closing : outcome
    }

    /// Counts the input that waits, and refuses to go on where that is too much.
    private mutating func checkWaiting(_ worker: inout Worker) {
        charge(waiting.count, worker.daemon.counters)
        if waiting.count > Self.unfinishedLimit
            || charged > 0 && worker.daemon.counters.waitingInput.load(ordering: .relaxed) > Self.allUnfinishedLimit
        {
            refuse(.tooBigRequest, &worker)
        }
    }

    /// Small rests are not worth counting.
    private mutating func charge(_ bytes: Int, _ counters: Counters) {
        let due = bytes > 16 << 10 ? bytes : 0
        guard due != charged else { return }
        counters.waitingInput.wrappingAdd(due - charged, ordering: .relaxed)
        charged = due
    }

    /// The connection is gone: forgets its input.
    mutating func end(_ daemon: Daemon) {
        isClosing = true
        waiting = []
        charge(0, daemon.counters)
    }

    // MARK: Execution

    /// Executes the complete requests of `input`: batch by batch, each parsed and fetched before it is executed.
    /// - Returns: how many bytes they took, and how to go on.
    private mutating func execute(
        _ input: RawSpan, _ batch: inout RequestBatch, _ worker: inout Worker
    ) -> (used: Int, outcome: Outcome) {
        var position = 0
        needed = 0
        awaitsLineEnd = false
        while true {
            batch.removeAll()
            worker.forgetHashes()
            let stop = fill(&batch, from: input, at: &position, &worker)
            var index = 0
            while index < batch.count {
                let stride = Worker.requestsAtOnce
                if index % stride == 0 { worker.prefetch(for: batch.count) }
                let run = performRun(
                    index..<min(batch.count, index - index % stride + stride), of: batch, input, &worker)
                if run == 0 {
                    let request = batch[index]
                    perform(Arguments(of: request, in: batch, input: input), request.tag, &worker)
                }
                index += max(run, 1)
                if isClosing { return (input.byteCount, .closing) }
                if worker.reply.count > Self.replyPause { return (batch[index - 1].end, .paused) }
            }
            switch stop {
            case .full: continue
            case .inline(let end):
                performInline(input.extracting(position..<end), &worker)
                position = end
                if isClosing { return (input.byteCount, .closing) }
                if worker.reply.count > Self.replyPause { return (position, .paused) }
            case .incomplete(let atLeast):
                needed = atLeast - position
                return (position, .open)
            case .incompleteLine:
                awaitsLineEnd = true
                return (position, .open)
            case .invalid(let error):
                refuse(error, &worker)
                return (input.byteCount, .closing)
            }
        }
    }

    private enum Stop {
        case full
        case inline(end: Int)
        case incomplete(atLeast: Int)
        case incompleteLine
        case invalid(ProtocolError)
    }

    /// Parses requests until the batch is full and hashes their keys.
    /// - Parameter position: moves behind what was parsed.
    private func fill(
        _ batch: inout RequestBatch, from input: RawSpan, at position: inout Int, _ worker: inout Worker
    ) -> Stop {
        // Authenticating changes the limits of what follows.
        let most = parser.isAuthenticated ? Self.batchRequests : 1
        let outcome = parser.fill(
            &batch, requests: most, arguments: Self.batchArguments, from: input, at: &position)
        Self.prepare(&batch, input, &worker)
        return switch outcome {
        case nil, .request, .nothing: .full
        case .inline(let end): .inline(end: end)
        case .incomplete(let atLeast): .incomplete(atLeast: atLeast)
        case .incompleteLine: .incompleteLine
        case .invalid(let error): .invalid(error)
        }
    }

    /// Finds the requests' commands, hashes their keys and begins to ask for the memory where those are.
    private static func prepare(_ batch: inout RequestBatch, _ input: RawSpan, _ worker: inout Worker) {
        var index = 0
        while index < batch.count {
            let request = batch[index]
            let tag = worker.commands.find(input.extracting(batch.argument(request.first).range))
            let run = batch.run(from: index)
            batch.setTag(tag, ofRequests: run)
            index = run.upperBound
            guard tag >= 0 else { continue }
            let command = worker.commands.commands[tag]
            guard command.firstKey > 0 else { continue }
            let mayInsert = command.flags.contains(.write)
            if run.count > 1, command.firstKey == 1 {
                let key = batch.argument(request.first + 1).range
                let distance = batch[run.lowerBound + 1].end - request.end
                let note = worker.prepare(
                    input.extracting(key.lowerBound...), count: run.count, length: key.count, distance: distance,
                    mayInsert: mayInsert)
                batch.setNotes(from: note, ofArgument: 1, of: run)
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

    /// A typed line is executed as the array that it stands for.
    private mutating func performInline(_ line: RawSpan, _ worker: inout Worker) {
        let words: [[UInt8]]
        do { words = try InlineRequest.split(line) } catch { return refuse(error, &worker) }
        guard !words.isEmpty else { return }
        let encoded = InlineRequest.encode(words)
        var batch = RequestBatch()
        guard case .request = parser.parse(encoded.span.bytes, from: 0, into: &batch) else {
            return refuse(.tooBigInlineRequest, &worker)
        }
        worker.forgetHashes()
        Self.prepare(&batch, encoded.span.bytes, &worker)
        perform(Arguments(of: batch[0], in: batch, input: encoded.span.bytes), batch[0].tag, &worker)
    }

    /// Takes on another user, with the limits that go with it.
    mutating func become(_ user: User) {
        self.user = user
        parser.isAuthenticated = user != .nobody
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
