import NIOCore
import RESP

/// One client's conversation with the daemon, without sockets. Bytes are passed on in order, both ways. A check is
/// answered here if all commands before it have been answered, the daemon has said that its user may read every
/// revocation, the copy has all that any client has heard through this process, and it holds a lease before and after
/// the look-up.
struct Conversation<Copy: CheckedCopy> {
    /// A reply that the daemon owes.
    private enum Owed {
        case reply(Disclosure)
        /// To a question of our own: the client does not get it.
        case rights(ReadingRights.Question)
    }

    let copy: Copy
    private let all: AllConversations
    private let question: [UInt8]

    /// What is to be written now.
    var toDaemon = ByteBuffer()
    var toClient = ByteBuffer()

    let parser = RequestParser()
    private var input = ByteBuffer()
    /// How many bytes of input it takes to go on.
    private var needed = 0
    private var charged = 0
    /// Bytes are passed on as they come: nothing is answered here any more.
    private(set) var isPassedThrough = false
    /// Input is left that was not looked at: output has to leave first, or replies have to come.
    private(set) var isHeld = false

    private var owed = CircularBuffer<Owed>()
    /// Those of ``owed`` that the client gets.
    private var owedToClient = 0
    private var framer = ReplyFramer()
    private var answer: [UInt8] = []

    private var rights = ReadingRights()
    private var isInTransaction = false
    /// Whether the next `EXEC` may disclose something.
    private var hasQueuedDisclosure = false
    /// A reply that is not complete, and that the client gets once it was compared.
    private var partial = ByteBuffer()

    /// - Parameter prefix: of guarded keys.
    init(_ copy: Copy, prefix: String, all: AllConversations) {
        self.copy = copy
        self.all = all
        question = InlineRequest.encode([Array("LEASE".utf8), Array("READER".utf8), Array(prefix.utf8)])
    }

    /// Whether every command has been answered.
    var isSettled: Bool { owedToClient == 0 && !isHeld && !isPassedThrough }

    /// Whether commands wait until the daemon has answered others.
    var awaitsReplies: Bool { owed.count >= ConversationLimits.owedReplies }

    // MARK: From the client

    mutating func receive(_ bytes: ByteBuffer) {
        var bytes = bytes
        input.writeBuffer(&bytes)
    }

    /// Executes input until none is left, or until too much output waits.
    mutating func execute(_ batch: inout RequestBatch, _ reply: inout ReplyBuffer) {
        isHeld = false
        defer { charge() }
        guard !isPassedThrough else { return passRest() }
        guard input.readableBytes >= needed else { return }
        needed = 0
        var input = ByteBuffer()
        swap(&input, &self.input)
        let used = execute(input, &batch, &reply)
        input.moveReaderIndex(forwardBy: used)
        if input.readableBytes > 0 {
            input.discardReadBytes()
            self.input = input
        }
        if isPassedThrough { passRest() }
    }

    /// - Returns: how many bytes are done with.
    private mutating func execute(
        _ input: ByteBuffer, _ batch: inout RequestBatch, _ reply: inout ReplyBuffer
    ) -> Int {
        let bytes = input.readableBytesUInt8Span.bytes
        var done = 0
        while true {
            guard !isFull else {
                isHeld = done < bytes.byteCount
                return done
            }
            batch.removeAll()
            var end = done
            let stop = parser.fill(
                &batch, requests: ConversationLimits.batch, arguments: ConversationLimits.batchArguments,
                from: bytes, at: &end)
            for index in 0..<batch.count {
                guard !isFull else {
                    isHeld = true
                    return done
                }
                let request = batch[index]
                perform(
                    RequestArguments(of: request, in: batch, input: bytes), bytes.extracting(done..<request.end), &reply
                )
                done = request.end
                if isPassedThrough { return done }
            }
            done = end
            switch stop {
            case nil: break
            case .incomplete(let atLeast):
                needed = atLeast - done
                if max(needed, bytes.byteCount - done) > ConversationLimits.unfinishedRequest { isPassedThrough = true }
                return done
            // Inline commands and malformed requests are passed on.
            default:
                isPassedThrough = done < bytes.byteCount
                return done
            }
        }
    }

    private var isFull: Bool {
        awaitsReplies || toClient.readableBytes >= ConversationLimits.output
            || toDaemon.readableBytes >= ConversationLimits.output
    }

    private mutating func passRest() {
        toDaemon.writeBuffer(&input)
        input = ByteBuffer()
    }

    /// Counts the input that waits. If all clients' is too much, this one's does not wait.
    private mutating func charge() {
        let due = input.readableBytes > ConversationLimits.uncountedInput ? input.readableBytes : 0
        guard due != charged else { return }
        let hasRoom = all.add(due - charged)
        charged = due
        guard !hasRoom, due > 0, !isHeld else { return }
        isPassedThrough = true
        passRest()
        all.remove(charged)
        charged = 0
    }

    /// The client is gone.
    mutating func end() {
        all.remove(charged)
        charged = 0
        input = ByteBuffer()
    }

    // MARK: Commands

    private mutating func perform(
        _ arguments: RequestArguments, _ request: RawSpan, _ reply: inout ReplyBuffer
    ) {
        let kind = CommandKind(arguments)
        if kind.isCheck { return check(kind, arguments, request, &reply) }
        switch kind {
        case .changes, .multi, .exec, .discard: rights.forget()
        case .unknown: isPassedThrough = true
        default: break
        }
        switch kind {
        case .multi: isInTransaction = true
        case .exec, .discard: isInTransaction = false
        case .changes where arguments[0].equalsIgnoringCase("reset"): isInTransaction = false
        default: break
        }
        toDaemon.write(request)
        if kind != .unknown { owe(kind, arguments, request) }
    }

    private mutating func owe(_ kind: CommandKind, _ arguments: RequestArguments, _ request: RawSpan) {
        owed.append(.reply(Disclosure(kind, arguments, request, isCovered: isCovered)))
        owedToClient += 1
    }

    private mutating func check(
        _ kind: CommandKind, _ arguments: RequestArguments, _ request: RawSpan, _ reply: inout ReplyBuffer
    ) {
        let isOfRevocations = isOfRevocations(arguments)
        guard isOfRevocations, !isInTransaction, let reading = copy.begin() else {
            toDaemon.write(request)
            owe(kind, arguments, request)
            if isOfRevocations { copy.count(isLocal: false) }
            return
        }
        let isLocal = answer(kind, arguments, reading, &reply)
        copy.count(isLocal: isLocal)
        if !isLocal {
            toDaemon.write(request)
            owe(kind, arguments, request)
        }
        guard let asked = rights.ask(at: reading.begun) else { return }
        toDaemon.writeBytes(question)
        owed.append(.rights(asked))
    }

    /// - Returns: false if the daemon has to be asked.
    private mutating func answer(
        _ kind: CommandKind, _ arguments: RequestArguments, _ reading: Copy.Reading, _ reply: inout ReplyBuffer
    ) -> Bool {
        guard owedToClient == 0, all.isCovered(by: reading.askedAt),
            let version = rights.version(at: reading.begun, of: copy.epoch(reading))
        else { return false }
        reply.removeAll()
        reply.version = version
        guard look(kind, arguments, reading, &reply), !reply.hasOverflowed, copy.holds(reading) else { return false }
        toClient.writeBytes(reply.bytes)
        return true
    }

    /// What goes to the daemon now.
    mutating func takeToDaemon() -> ByteBuffer {
        defer { toDaemon = ByteBuffer() }
        return toDaemon
    }

    /// What goes to the client now.
    mutating func takeToClient() -> ByteBuffer {
        defer { toClient = ByteBuffer() }
        return toClient
    }

    // MARK: From the daemon

    /// - Throws: if that is no reply. Nothing that follows can be told apart.
    mutating func receiveReplies(
        _ bytes: ByteBuffer, _ batch: inout RequestBatch, _ reply: inout ReplyBuffer
    ) throws(ReplyFramer.Malformed) {
        var bytes = bytes
        while bytes.readableBytes > 0 {
            guard let next = owed.first else {
                // No reply is owed: the daemon says why it closes, or the client is subscribed.
                isPassedThrough = true
                hear(bytes)
                toClient.writeBuffer(&bytes)
                return
            }
            let piece = try framer.read(bytes.readableBytesUInt8Span.bytes, from: 0)
            var part = bytes.readSlice(length: piece.end) ?? ByteBuffer()
            guard !piece.isPush else {
                // A message that is not complete yet must not be followed by an answer from the copy.
                isPassedThrough = true
                all.hear(at: copy.now)
                toClient.writeBuffer(&part)
                continue
            }
            switch next {
            case .reply(let disclosure):
                receive(&part, isLast: piece.isLast, disclosure, &batch, &reply)
                guard piece.isLast else { continue }
                owedToClient -= 1
            case .rights(let question):
                if answer.count < ConversationLimits.answer { answer.append(contentsOf: part.readableBytesView) }
                guard piece.isLast else { continue }
                rights.answered(answer, to: question)
                answer.removeAll(keepingCapacity: true)
            }
            owed.removeFirst()
        }
    }

    /// Takes a piece of a reply that the client gets. What it discloses is noted before it leaves.
    private mutating func receive(
        _ part: inout ByteBuffer, isLast: Bool, _ disclosure: Disclosure, _ batch: inout RequestBatch,
        _ reply: inout ReplyBuffer
    ) {
        switch disclosure {
        case .nothing: break
        case .compared(let request):
            partial.writeBuffer(&part)
            let isWhole = isLast || partial.readableBytes > ConversationLimits.comparedReply
            guard isWhole else { return }
            swap(&part, &partial)
            partial = ByteBuffer()
            if !isAnswered(request, by: part.readableBytesView, &batch, &reply) { hearOrQueue(part) }
        case .anything: hearOrQueue(part)
        case .watch: hasQueuedDisclosure = true
        case .exec:
            if hasQueuedDisclosure { hear(part) }
            if isLast { hasQueuedDisclosure = false }
        }
        toClient.writeBuffer(&part)
    }

    /// In a transaction, `EXEC` discloses what is queued now.
    private mutating func hearOrQueue(_ bytes: ByteBuffer) {
        let view = bytes.readableBytesView
        // It may be the beginning of `+QUEUED` only.
        if view.first == UInt8(ascii: "+") { hasQueuedDisclosure = true }
        if !view.elementsEqual("+QUEUED\r\n".utf8) { hear(bytes) }
    }

    /// Notes that the client learns something now that the copy may not have.
    private func hear(_ bytes: ByteBuffer) {
        if !Disclosure.isRefusal(bytes.readableBytesView) { all.hear(at: copy.now) }
    }
}

extension ByteBuffer {
    fileprivate mutating func write(_ bytes: RawSpan) { bytes.withUnsafeBytes { _ = writeBytes($0) } }
}
