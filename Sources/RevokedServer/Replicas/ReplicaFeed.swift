import Logging
import Persistence
import Synchronization

/// What one replica is sent: the whole table, unless it can go on where it was, then every record as it is written.
/// Used by the replicas' thread alone.
final class ReplicaFeed {
    /// How much of what was posted may not have left before more is.
    private static let window = 64 << 10
    /// Between two signs of life while it waits, in milliseconds.
    private static let signInterval: Int64 = 1_000
    /// Between two requests for that file: one may have failed.
    private static let askInterval: Int64 = 10_000
    /// It is ended if there is no file with the whole table after this time.
    private static let patience: Int64 = 300_000

    private let replica: Replica
    private let daemon: Daemon
    private let log: AppendLog
    private let startedAt: Int64
    private var signedAt: Int64
    /// When a file with the whole table was last asked for.
    private var askedAt: Int64?
    private var isEnded = false
    /// What was read and is posted portion by portion.
    private var records: [UInt8] = []
    private var posted = 0
    /// The position after ``records``.
    private var position: UInt64 = 0
    /// The file with the whole table, and how much of it was sent; nil before and after.
    private var base: (any InputFile)?
    private var sent = 0
    private var tail: LogTail?
    /// Whether it has been told how it goes on.
    private var hasBegun = false
    /// Whether it must copy the whole table, whatever position it named.
    private var mustCopy = false

    init(_ replica: Replica, _ daemon: Daemon, _ log: AppendLog) {
        self.replica = replica
        self.daemon = daemon
        self.log = log
        startedAt = daemon.clock.uptime()
        signedAt = startedAt
    }

    /// Whether it has the whole table, and is sent records.
    var isLive: Bool { hasBegun && base == nil }

    /// Posts what comes next, or has the turn post it.
    /// - Returns: whether more waits, for what was posted to leave.
    func step(_ turn: inout FeedingTurn) -> Bool {
        guard !isEnded else { return false }
        guard replica.client.unsent.load(ordering: .acquiring) < Self.window else { return true }
        guard hasBegun else { return begin(&turn.mayApproach) }
        if let base { return send(base, &turn) }
        if posted < records.count { return postRecords() }
        do throws(PersistenceError) {
            let records = try turn.read(&tail!, for: replica.client)
            guard !records.isEmpty else { return false }
            position += UInt64(records.count)
            guard records.count <= FeedingTurn.longest else {
                (self.records, posted) = (records, 0)
                return postRecords()
            }
            noteSent(position)
            replica.client.unsent.store(records.count, ordering: .releasing)
            return true
        } catch {
            // The log began anew, or went further than its files: the replica comes back for what there is now.
            end("what it needs is not in the log any more")
            return false
        }
    }

    private func postRecords() -> Bool {
        let end = min(records.count, posted + FeedingTurn.longest)
        noteSent(position - UInt64(records.count - end))
        post(Array(records[posted..<end]))
        posted = end
        if posted == records.count { (records, posted) = ([], 0) }
        return true
    }

    private func begin(_ mayApproach: inout Bool) -> Bool {
        // What is being removed is noted at the end, and it would not be told.
        guard !daemon.replicas.isReclaimingUntold else { return true }
        if let start = replica.start, !mustCopy {
            guard mayApproach else {
                giveSign()
                return true
            }
            mayApproach = false
            if tail == nil { tail = log.tail(of: start.stretch, from: start.offset) }
            switch tail?.approach() {
            case .underWay:
                giveSign()
                return true
            case .done:
                daemon.replicas.count(\.partialCopies)
                daemon.logger.info("a \(replica.description) goes on where it was")
                position = start.offset
                noteSent(position)
                // The position is one of the present stretch, too, whatever the replica calls it.
                post(Array("+CONTINUE \(tail?.stretch ?? start.stretch)\r\n".utf8))
                hasBegun = true
                return true
            case .impossible, nil:
                tail = nil
                mustCopy = true
            }
        }
        guard let copy = log.copy() else { return wait() }
        daemon.replicas.count(\.wholeCopies)
        daemon.logger.info("a \(replica.description) copies the whole table")
        let stretch = copy.tail.stretch
        position = copy.tail.position
        base = copy.base
        tail = copy.tail
        hasBegun = true
        post(Array("+FULLRESYNC \(stretch) \(position)\r\n$\(base!.size)\r\n".utf8))
        return true
    }

    /// Until there is a file with the whole table.
    private func wait() -> Bool {
        let now = daemon.clock.uptime()
        if askedAt.map({ now - $0 > Self.askInterval }) ?? true {
            askedAt = now
            daemon.persistence?.requestRewrite()
        }
        if now - startedAt > Self.patience {
            end("no file with the whole table could be written")
        } else {
            giveSign()
        }
        return true
    }

    /// Keeps the replica from taking this server for gone while it waits.
    private func giveSign() {
        let now = daemon.clock.uptime()
        guard now - signedAt > Self.signInterval else { return }
        signedAt = now
        post([0x0A])
    }

    private func send(_ base: any InputFile, _ turn: inout FeedingTurn) -> Bool {
        guard let part = try? base.read(at: sent, min(turn.portion, base.size - sent)) else {
            end("the file with the whole table cannot be read")
            return false
        }
        turn.use(part.count)
        sent += part.count
        if sent == base.size {
            self.base = nil
            noteSent(position)
        }
        post(part)
        return true
    }

    /// Comes before it is sent: nobody acknowledges what is not noted.
    private func noteSent(_ position: UInt64) { replica.progress.withLock { $0.sent = position } }

    private func post(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        replica.client.unsent.store(bytes.count, ordering: .releasing)
        let message = PushMessage(records: bytes)
        replica.client.mailbox.post(
            Mailbox.Letter(message: message, recipients: [replica.client], condition: .copies))
    }

    private func end(_ reason: String) {
        daemon.logger.warning("ending the \(replica.description): \(reason)")
        isEnded = true
        replica.client.end()
    }
}
