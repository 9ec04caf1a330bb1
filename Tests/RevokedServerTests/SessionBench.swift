import Dispatch
import Logging
import RESP
import Synchronization

@testable import RevokedServer

/// Set from any thread.
private final class Ending: Sendable {
    let isAsked = Atomic(false)
}

/// A session without sockets: what a transport would do, done by hand.
final class SessionBench {
    let daemon: Daemon
    private var session: ClientSession
    private var context: ServingContext
    private var batch: CommandBatch
    private(set) var isClosed = false
    private let ending = Ending()
    /// Whether the daemon asked the transport to close the connection.
    var wasEnded: Bool { ending.isAsked.load(ordering: .acquiring) }
    /// Signalled when something that a reply waits for is done.
    private let progress = DispatchSemaphore(value: 0)

    convenience init(
        journalReaders: [any JournalReader] = [], _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) {
        self.init(Self.daemon(journalReaders: journalReaders, configure))
    }

    /// Another client of the same daemon.
    /// - Parameter mailbox: that of another client's thread; nil: one of its own.
    init(_ daemon: Daemon, mailbox: Mailbox? = nil) {
        self.daemon = daemon
        context = ServingContext(daemon)
        let record = ClientRecord(
            id: daemon.clients.newID(), address: "127.0.0.1:1", localAddress: "127.0.0.1:2",
            connectedAt: daemon.clock.uptime(), mailbox ?? context.mailbox
        ) { [ending] in ending.isAsked.store(true, ordering: .releasing) }
        _ = daemon.clients.add(record, at: 0)
        session = ClientSession(client: record, as: daemon.users.initial, daemon: daemon)
        batch = CommandBatch(context.denylist)
        daemon.observeLog { [progress] in progress.signal() }
    }

    static func daemon(
        journalReaders: [any JournalReader] = [],
        time: TimeSource = TimeSource(wall: { 1_790_000_000_000 }, boot: { 5_000_000 }),
        _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) -> Daemon {
        var configuration = ServerConfiguration()
        configure(&configuration)
        return Daemon(
            configuration, time: time,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), journalReaders: journalReaders)
    }

    var user: User { session.user }
    func logIn(certificateName name: String?) { session.logIn(certificateName: name, &context) }
    var id: Int64 { session.client.id }
    var client: ClientRecord { session.client }

    enum Outcome: Equatable { case open, paused, stalled, closing }

    /// Hands over what one read brought.
    func receive(_ bytes: [UInt8], isPrepared: Bool = false) -> (reply: [UInt8], outcome: Outcome) {
        context.turnToConnection()
        return finish(session.receive(bytes.span.bytes, isPrepared: isPrepared, &batch, &context))
    }

    /// Prepares what one read brought; ``receive(_:isPrepared:)`` has to follow.
    func prepare(_ bytes: [UInt8]) -> Bool {
        defer { batch.prefetchFirst() }
        return session.prepare(bytes.span.bytes, &batch)
    }

    func resume() -> (reply: [UInt8], outcome: Outcome) {
        context.turnToConnection()
        return finish(session.resume(&batch, &context))
    }

    /// The client is gone.
    func end() { session.end(daemon) }

    /// All replies to these reads, resuming whenever it pauses, until it closes.
    func converse(_ reads: [[UInt8]]) -> [UInt8] {
        var replies: [UInt8] = []
        for read in reads where !isClosed {
            var (reply, outcome) = receive(read)
            replies += reply
            while outcome == .paused {
                (reply, outcome) = resume()
                replies += reply
            }
        }
        return replies
    }

    func ask(_ words: String...) -> String { text(converse([encode(words)])) }

    /// Whether the last reply waits for followers.
    var waitsForFollowers: Bool { context.holds.all.contains { $0.followers > 0 } }

    /// Whether messages may come for it.
    var isListening: Bool { session.isListening }

    /// Whom the messages that came to its thread are for.
    func recipients() -> Set<Int64> {
        var clients: Set<Int64> = []
        _ = context.deliveries.take(from: context.mailbox)
        while let (_, client) = context.deliveries.next(context.mailbox) { clients.insert(client.id) }
        return clients
    }

    /// The messages that came for it without its asking.
    func mail() -> String {
        var messages: [UInt8] = []
        _ = context.deliveries.take(from: context.mailbox)
        while let (letter, _) = context.deliveries.next(context.mailbox) {
            if session.accepts(letter, daemon) { messages += letter.message.bytes(in: session.version) }
        }
        if session.isClosing { isClosed = true }
        return text(messages)
    }

    private func finish(_ outcome: ClientSession.Outcome) -> (reply: [UInt8], outcome: Outcome) {
        let reply = finished(context.reply.bytes.map { $0 })
        switch outcome {
        case .open: return (reply, .open)
        case .paused: return (reply, .paused)
        case .stalled: return (reply, .stalled)
        case .closing:
            isClosed = true
            return (reply, .closing)
        }
    }
}

extension SessionBench {
    /// Waits for what other threads do for the replies, as a transport does.
    private func finished(_ replies: [UInt8]) -> [UInt8] {
        let holds = context.holds.all
        guard holds.contains(where: { !$0.parts.isEmpty }) else { return replies }
        var queue = ReplyQueue()
        replies.withUnsafeBytes { queue.append($0, holds: holds) }
        while true {
            queue.release(.max)
            guard queue.holdCount > 0 else { break }
            progress.wait()
        }
        return queue.withReady { Array($0) }
    }
}

func encode(_ words: [String]) -> [UInt8] { InlineRequest.encode(words.map { Array($0.utf8) }) }
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
