import NIOCore
import NIOEmbedded
import Synchronization

@testable import Revocation

/// One end of a connection to a store, as production has it but for the socket: the test is the store, and sets the
/// time.
final class TestConnection {
    /// What the caller of a call was told.
    enum Outcome: Equatable {
        case replies([Reply])
        case witnessed([Reply], Witness)
        /// A witness that is none: what the store answered in its place.
        case unwitnessed([Reply], StoreFailure)
        case expected
        case failed(StoreFailure)

        fileprivate init(_ outcome: PendingCall.Outcome) {
            switch outcome {
            case .success(.replies(let replies)): self = .replies(replies)
            case .success(.witnessed(let replies, .success(let witness))): self = .witnessed(replies, witness)
            case .success(.witnessed(let replies, .failure(let failure))): self = .unwitnessed(replies, failure)
            case .success(.expected): self = .expected
            case .failure(let failure): self = .failed(failure)
            }
        }
    }

    /// What callers were told, in this order.
    private final class Log: Sendable {
        private let entries = Mutex<[(call: Int, outcome: Outcome)]>([])

        func append(_ call: Int, _ outcome: PendingCall.Outcome) {
            entries.withLock { $0.append((call, Outcome(outcome))) }
        }

        func take() -> [(call: Int, outcome: Outcome)] {
            entries.withLock { entries in
                defer { entries = [] }
                return entries
            }
        }
    }

    let handler = StoreChannelHandler()
    private let channel: EmbeddedChannel
    private let log = Log()
    private var written = ByteBuffer()

    init() throws {
        channel = EmbeddedChannel(handler: handler)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }

    /// Sends calls in one flush. The log names each by its number.
    func send(
        _ calls: [(number: Int, call: PendingCall)], timeout: TimeAmount = .seconds(1), isWitnessed: Bool = false,
        at time: SentTime = .never
    ) {
        var batch = CallBatch()
        for (number, call) in calls {
            batch.append(call.whenFinished { [log] outcome in log.append(number, outcome) })
        }
        send(batch, timeout: timeout, isWitnessed: isWitnessed, at: time)
    }

    func send(
        _ batch: CallBatch, timeout: TimeAmount = .seconds(1), isWitnessed: Bool = false, at time: SentTime = .never
    ) {
        handler.send(batch, timeout: timeout, isWitnessed: isWitnessed, at: time)
    }

    /// Sends calls of so many commands each in one flush.
    func send(_ numbers: Range<Int>, commandCount: Int = 1, timeout: TimeAmount = .seconds(1)) {
        send(
            numbers.map { ($0, PendingCall(Array(repeating: Command("PING"), count: commandCount))) }, timeout: timeout)
    }

    /// Sends a call whose caller sends another one as soon as it is answered.
    func send(_ number: Int, thenSend next: Int) {
        let second = PendingCall([Command("PING")]).whenFinished { [log] outcome in log.append(next, outcome) }
        let handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        let first = PendingCall([Command("PING")]).whenFinished { [log] outcome in
            log.append(number, outcome)
            handler.value.send(CallBatch(second), timeout: .seconds(1))
        }
        send(CallBatch(first))
    }

    /// The store says something.
    func receive(_ text: String) throws { try channel.writeInbound(ByteBuffer(string: text)) }

    /// The store says something, in pieces of a size.
    func receive(_ text: String, size: Int) throws {
        var bytes = ByteBuffer(string: text)
        while let piece = bytes.readSlice(length: min(size, bytes.readableBytes)), piece.readableBytes > 0 {
            try channel.writeInbound(piece)
        }
    }

    func receive(_ bytes: ByteBuffer) throws { try channel.writeInbound(bytes) }

    /// The store closes the connection.
    func hangUp() { channel.close(promise: nil) }

    func advance(by time: TimeAmount) { channel.embeddedEventLoop.advanceTime(by: time) }

    var now: NIODeadline { channel.embeddedEventLoop.now }

    var isOpen: Bool { channel.isActive }

    /// What callers were told since this was last asked.
    func takeOutcomes() -> [(call: Int, outcome: Outcome)] { log.take() }

    /// The bytes that were sent since this was last asked.
    func takeWritten() throws -> ByteBuffer {
        var bytes = ByteBuffer()
        while var piece = try channel.readOutbound(as: ByteBuffer.self) { bytes.writeBuffer(&piece) }
        return bytes
    }

    /// The commands that were sent since this was last asked.
    func takeCommands() throws -> [[String]] {
        var bytes = try takeWritten()
        written.writeBuffer(&bytes)
        var commands: [[String]] = []
        while let command = written.readCommand() { commands.append(command) }
        return commands
    }
}
