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

    struct Modes: OptionSet {
        let rawValue: UInt16
        /// It is subscribed to something.
        static let subscribed = Modes(rawValue: 1)
        /// It has begun a transaction: commands are queued.
        static let queueing = Modes(rawValue: 2)
        /// It wants to be told which of its keys change.
        static let tracking = Modes(rawValue: 4)
        /// It sees what others execute.
        static let monitors = Modes(rawValue: 8)
        /// It wants no replies.
        static let silent = Modes(rawValue: 16)
        /// None to this command; and none to the next one.
        static let skips = Modes(rawValue: 32)
        static let skipsNext = Modes(rawValue: 64)
        /// A command of it waits for the end of a pause.
        static let paused = Modes(rawValue: 128)
        /// Writes of it were not answered: the next reply waits for the log until ``silentEnd``.
        static let hasSilentWrites = Modes(rawValue: 256)
        /// It is a replica's.
        static let copies = Modes(rawValue: 512)
    }

    /// Of one request, the command's name included.
    private static let maximumArguments = 1 << 22
    /// Of a command that a script makes of its keys, or that was queued: no fewer than of the request itself.
    static let maximumQueuedArguments = maximumArguments * 4

    private let place = PassedByAddress()
    let client: ClientRecord
    /// Who it is: `default` until it has authenticated.
    var user: User
    var isAuthenticated = false
    /// It has authenticated, and may run every command on every key: rules are not looked at.
    var isUnrestricted = false {
        didSet { isUnimpeded = isUnrestricted && modes.isEmpty }
    }
    /// States in which commands are more than a question and an answer.
    var modes: Modes = [] {
        didSet { isUnimpeded = isUnrestricted && modes.isEmpty }
    }
    /// A command that reads needs no more checks.
    private(set) var isUnimpeded = false
    var subscriptions = Subscriptions()
    /// What `CLIENT CACHING` said of the next command; nil: nothing.
    var caching: Bool?
    /// It may undo revocations and administer.
    var mayAdminister = false
    /// The state of ``UserTable`` that all of that was read from.
    var usersGeneration = 0
    var version = ProtocolVersion.two
    /// Its own port, as a replica says.
    var replicaPort = 0
    /// The database that it has selected (``select(_:_:)``).
    private(set) var database = 0
    var isClosing = false
    var checkingPeer = CheckingPeer.none
    /// What the last write that was not answered would have waited for.
    var silentEnd = AwaitedPositions()
    /// Since `MULTI`.
    var transaction: Transaction?
    /// Since `WATCH`.
    var watched = WatchList()
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

    /// - Parameter standing: what a new connection is (``UserTable/initial``).
    init(client: ClientRecord, as standing: UserTable.Standing, daemon: Daemon) {
        self.client = client
        parser = RequestParser(
            limits: RequestLimits(
                maximumBulk: daemon.configuration.maximumBulk, maximumArguments: Self.maximumArguments),
            isAuthenticated: false)
        user = standing.user
        become(standing, isAuthenticated: standing.user.isOpen)
    }

    // MARK: Input

    /// Fills `batch` with the first commands of a read: their memory arrives while those of others are executed.
    /// - Returns: false if the read continues an earlier one, and nothing was prepared.
    func prepare(_ bytes: RawSpan, _ batch: inout CommandBatch) -> Bool {
        guard !isClosing, waiting.isEmpty else { return false }
        batch.fill(from: bytes, at: 0, by: parser, in: database)
        return true
    }

    /// Executes what is complete of a read and leaves the replies in `context`.
    /// - Parameter isPrepared: whether `batch` is what ``prepare(_:_:)`` made of these bytes.
    mutating func receive(
        _ bytes: RawSpan, isPrepared: Bool = false, _ batch: inout CommandBatch, _ context: inout ServingContext
    ) -> Outcome {
        context.beginTurn()
        defer { context.endTurn() }
        guard mayGoOn(context.daemon) else { return .closing }
        begin(&context)
        guard waiting.isEmpty else { return finish(receiveMore(bytes, &batch, &context), &context) }
        let (used, outcome) = execute(bytes, isPrepared: isPrepared, &batch, &context)
        if used < bytes.byteCount, !isClosing { waiting.append(bytes.extracting(used...)) }
        return finish(outcome, &context)
    }

    /// Goes on with a request whose beginning waits.
    private mutating func receiveMore(
        _ bytes: RawSpan, _ batch: inout CommandBatch, _ context: inout ServingContext
    ) -> Outcome {
        waiting.append(bytes)
        if awaitsLineEnd, let stranger = strangerInOpenLine(bytes) {
            dismiss(stranger, &context)
            return .closing
        }
        let isLineOpen =
            awaitsLineEnd && waiting.count < parser.maximumLine
            && !bytes.withUnsafeBytes { $0.contains(UInt8(ascii: "\n")) }
        if isLineOpen || waiting.count < needed { return .open }
        return executeWaiting(&batch, &context)
    }

    /// Bytes that were read and have not been executed.
    var inputCount: Int { waiting.count }

    /// Keeps what was read until ``resume(_:_:)``: replies have to leave first.
    mutating func keep(_ bytes: RawSpan, _ context: inout ServingContext) {
        guard !isClosing else { return }
        client.lastInteraction.store(context.uptime, ordering: .relaxed)
        waiting.append(bytes)
        charge(inputCharge, context.daemon.counters)
    }

    /// Goes on with the input that is left, after replies have been written.
    mutating func resume(_ batch: inout CommandBatch, _ context: inout ServingContext) -> Outcome {
        context.beginTurn()
        defer { context.endTurn() }
        guard mayGoOn(context.daemon) else { return .closing }
        begin(&context)
        return finish(executeWaiting(&batch, &context), &context)
    }

    private mutating func executeWaiting(_ batch: inout CommandBatch, _ context: inout ServingContext) -> Outcome {
        var input = InputQueue()
        swap(&input, &waiting)
        let (used, outcome) = execute(input.span, isPrepared: false, &batch, &context)
        if !isClosing {
            input.consume(used)
            waiting = input
        }
        return outcome
    }

    /// Whether anything more is executed, with the rights that the user has now. A connection that was killed may have
    /// more in what it has sent: the killer was told that it is over.
    @discardableResult @inline(__always)
    mutating func mayGoOn(_ daemon: Daemon) -> Bool {
        if !isCurrent(daemon.users) { refreshUser(daemon) }
        if client.isEnding.load(ordering: .acquiring) { isClosing = true }
        return !isClosing
    }

    /// Whether the connection goes on with the rights that it has: ``mayGoOn(_:)`` would change nothing.
    @inline(__always)
    func isCurrent(_ users: UserTable) -> Bool {
        users.generation.load(ordering: .acquiring) == usersGeneration && !client.isEnding.load(ordering: .acquiring)
    }

    private func begin(_ context: inout ServingContext) {
        context.reply.version = version
        context.writer.client = client.id
        context.database = database
        client.lastInteraction.store(context.uptime, ordering: .relaxed)
    }

    private mutating func finish(_ outcome: Outcome, _ context: inout ServingContext) -> Outcome {
        if !waiting.isEmpty || charged > 0 || transaction != nil || watched.bytes > 0 {
            checkWaiting(outcome, &context)
        }
        if context.reply.hasOverflowed { isClosing = true }
        guard isClosing else { return outcome }
        // Whoever reads the last reply knows that no message comes any more.
        client.isEnding.store(true, ordering: .releasing)
        return .closing
    }

    /// Counts the input that waits, and refuses to go on where that is too much.
    private mutating func checkWaiting(_ outcome: Outcome, _ context: inout ServingContext) {
        charge(inputCharge, context.daemon.counters)
        // What waits for its turn is bounded by whoever reads it; this is one request.
        guard outcome == .open, charged > 0 else { return }
        guard isAuthenticated else { return checkStrangers(&context) }
        let limit = min(Self.allUnfinishedLimit, context.daemon.memory.clientLimit)
        if waiting.count > Self.unfinishedLimit || context.daemon.counters.waitingInput.load(ordering: .relaxed) > limit
        {
            refuse(.tooBigRequest, &context)
        }
    }

    /// What waits, and what is queued: both are requests that are executed later.
    private var inputCharge: Int { waiting.count + (transaction?.requests.count ?? 0) + watched.bytes }

    private mutating func charge(_ bytes: Int, _ counters: Counters) {
        let isStranger = !isAuthenticated
        let due = bytes > (isStranger ? Self.countedStrangerInput : Self.countedInput) ? bytes : 0
        guard due != charged || isStranger != isChargedAsStranger else { return }
        counters.addInput(-charged, ofStranger: isChargedAsStranger)
        counters.addInput(due, ofStranger: isStranger)
        (charged, isChargedAsStranger) = (due, isStranger)
    }

    /// The connection is gone: forgets its input.
    mutating func end(_ daemon: Daemon) {
        isClosing = true
        client.isEnding.store(true, ordering: .releasing)
        if !modes.isEmpty { endModes(daemon) }
        endTransaction()
        unwatch(daemon)
        waiting = InputQueue()
        charge(0, daemon.counters)
        forgetPeer(daemon)
    }

    // MARK: Execution

    /// Executes the complete commands of `input`: batch by batch, each prepared before it is executed.
    /// - Parameter isPrepared: whether the first batch is filled already.
    /// - Returns: where they end, and how to go on.
    private mutating func execute(
        _ input: RawSpan, isPrepared: Bool, _ batch: inout CommandBatch, _ context: inout ServingContext
    ) -> (used: Int, outcome: Outcome) {
        needed = 0
        awaitsLineEnd = false
        var executed = 0
        var isFilled = isPrepared
        while true {
            if !isFilled {
                if executed > 0 {
                    context.readClock()
                    guard mayGoOn(context.daemon) else { return (input.byteCount, .closing) }
                }
                batch.fill(from: input, at: executed, by: parser, in: database)
            }
            isFilled = false
            for index in 0..<batch.count {
                batch.prefetch(for: index)
                guard perform(batch.arguments(of: index, in: input), batch.command(index), &context) else {
                    return (executed, context.takePostponed())
                }
                executed = batch.end(of: index)
                if isClosing { return (input.byteCount, .closing) }
                if context.reply.count > Self.replyPause { return (executed, .paused) }
            }
            executed = batch.position
            switch batch.end {
            case .full: break
            case .inline(let lineEnd):
                let line = input.extracting(executed..<lineEnd)
                if let stranger = Stranger(line: line) {
                    dismiss(stranger, &context)
                } else if !performInline(line, isFollowed: lineEnd < input.byteCount, &batch, &context) {
                    return (executed, context.takePostponed())
                }
                executed = lineEnd
                if isClosing { return (input.byteCount, .closing) }
                if context.reply.count > Self.replyPause { return (executed, .paused) }
            case .incomplete(let atLeast):
                needed = atLeast - executed
                return (executed, .open)
            case .incompleteLine:
                // Nothing has to come that would make a request of it.
                if let stranger = Stranger(beginningOfLine: input.extracting(executed...)) {
                    dismiss(stranger, &context)
                    return (input.byteCount, .closing)
                }
                awaitsLineEnd = true
                return (executed, .open)
            case .invalid(let error):
                refuse(error, &context)
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
        _ line: RawSpan, isFollowed: Bool, _ batch: inout CommandBatch, _ context: inout ServingContext
    ) -> Bool {
        let words: [[UInt8]]
        do { words = try InlineRequest.split(line) } catch {
            refuse(error, &context)
            return true
        }
        guard !words.isEmpty else { return true }
        let encoded = InlineRequest.encode(words)
        batch.fill(from: encoded.span.bytes, at: 0, by: parser, in: database)
        guard batch.count == 1 else {
            refuse(.tooBigInlineRequest, &context)
            return true
        }
        let arguments = batch.arguments(of: 0, in: encoded.span.bytes)
        guard batch.command(0) < 0 else { return perform(arguments, batch.command(0), &context) }
        refuseUnknownLine(arguments, isFollowed: isFollowed, &context)
        return true
    }

    /// Tells the parser, whose limits it goes by, and other connections who this one is.
    mutating func noteUser() {
        parser.isAuthenticated = isAuthenticated
        client.mustAuthenticate.store(!isAuthenticated, ordering: .relaxed)
        client.details.withLock { [user] in ($0.userName, $0.userIdentity) = (user.name, user.identity) }
    }

    mutating func speak(_ version: ProtocolVersion, _ context: inout ServingContext) {
        self.version = version
        context.reply.version = version
        client.details.withLock { $0.version = version.rawValue }
    }

    mutating func select(_ database: Int, _ context: inout ServingContext) {
        self.database = database
        context.database = database
        client.database.store(database, ordering: .relaxed)
    }

    mutating func refuse(_ error: ProtocolError, _ context: inout ServingContext) {
        context.fail(bytes: Array("ERR Protocol error: ".utf8) + error.messageBytes)
        isClosing = true
    }
}
