import Denylist
import Logging
import Persistence
import RESP
import Replication
import Synchronization

/// `LEASE`: what a follower asks besides its stream (Following.md).
enum LeaseCommands {
    static let badName = "ERR a follower's name is 32 hexadecimal digits in lower case"
    private static let tooManyReceipts = "ERR too many receipts are waited for: ask again"
    private static let unknown = "NOLEASE no follower's stream has that name"

    static func lease(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        switch LeaseSubcommand.read(arguments, session, &context) {
        case .renew: renew(arguments, session, &context)
        case .release:
            guard let follower = follower(arguments, session, &context) else { return }
            context.daemon.replicas.leases.release(follower, context.daemon)
            context.reply.ok()
        case .reader: reader(arguments, session, &context)
        case .receipt: receipt(&context)
        case nil: break
        }
    }

    /// Answered when everything that was written before is in force: on disk, and applied by each follower that holds a
    /// lease.
    private static func receipt(_ context: inout ServingContext) {
        let position = context.journal.end
        switch context.daemon.replicas.leases.receipt(for: position) {
        case .known(let receipt):
            context.reply.array(2)
            context.reply.integer(Int64(receipt.followers))
            context.reply.array(receipt.waitedOut.count)
            for name in receipt.waitedOut { context.reply.bulk(name) }
        case .awaited(let reply):
            context.reply.array(0)
            context.holds.wait(for: reply)
        case .refused: return context.fail(tooManyReceipts)
        }
        context.holds.wait(for: position)
    }

    /// The follower that is meant: of the same user, for nobody else knows its name.
    /// - Returns: nil if an error was answered.
    private static func follower(
        _ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext
    ) -> Replica? {
        guard let name = FollowerName(arguments[2]) else {
            context.fail(badName)
            return nil
        }
        guard let follower = context.daemon.replicas.find(name),
            follower.client.details.withLock(\.userName) == session.user.name
        else {
            context.fail(unknown)
            return nil
        }
        return follower
    }

    private static func renew(
        _ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext
    ) {
        guard let applied = arguments[3].parseInteger(), applied >= 0 else { return context.failNotAnInteger() }
        guard let follower = follower(arguments, session, &context) else { return }
        let daemon = context.daemon
        guard daemon.replicas.acknowledge(UInt64(applied), by: follower, at: context.uptime) else {
            daemon.logger.warning("ending the \(follower.description): it acknowledges what it was never sent")
            follower.client.end()
            return context.fail(unknown)
        }
        switch grant(to: follower, applied: UInt64(applied), daemon) {
        case .success(let lease): answer(lease, "", &context)
        case .failure(let refusal):
            answer(LeaseLedger.Lease(length: 0, position: context.journal.end), refusal.description, &context)
        }
    }

    /// The version of the protocol in which whatever this connection reads of revocations may be answered for it, from
    /// a copy of what begins with a prefix; 0 if it has to be asked. It is so until the connection changes its state or
    /// its user's rights are changed. The epoch tells whether the copy is of this daemon.
    private static func reader(
        _ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext
    ) {
        let isTheirs = arguments[2].equals(context.daemon.configuration.guardedPrefix)
        // Others' invalidations may be sent to it, between any two replies.
        let hasMessages = session.client.redirections.load(ordering: .relaxed) > 0
        let isPlain = session.modes.isEmpty && session.transaction == nil && !hasMessages
        let mayBeAnswered = isTheirs && isPlain && session.user.readsEveryRevocation
        context.reply.array(2)
        context.reply.integer(mayBeAnswered ? Int64(session.version.rawValue) : 0)
        context.reply.bulk(epoch(context))
    }

    private static func epoch(_ context: borrowing ServingContext) -> String {
        context.daemon.identity.withLock { $0?.text } ?? ""
    }

    /// A reason why there is no lease.
    private struct Refusal: Error { let description: String }

    private static func grant(
        to follower: Replica, applied: UInt64, _ daemon: Daemon
    ) -> Result<LeaseLedger.Lease, Refusal> {
        let leases = daemon.replicas.leases
        guard let persistence = daemon.persistence, persistence.log.state == .running else {
            leases.countRefusal()
            return .failure(Refusal(description: "nothing is logged"))
        }
        guard persistence.promisedLease >= leases.length else {
            leases.countRefusal()
            return .failure(Refusal(description: "it is not on disk yet that leases are promised"))
        }
        return leases.renew(follower, applied: applied, persistence.log, daemon).mapError {
            Refusal(description: $0.description)
        }
    }

    /// The epoch is read behind the grant: a flush between the two made the one that is answered.
    private static func answer(_ lease: LeaseLedger.Lease, _ reason: String, _ context: inout ServingContext) {
        let daemon = context.daemon
        context.reply.array(6)
        context.reply.integer(lease.length)
        context.reply.bulk(daemon.persistence?.log.stretchID ?? "")
        context.reply.integer(Int64(clamping: lease.position))
        context.reply.bulk(epoch(context))
        context.reply.integer(daemon.clock.now().guarded)
        context.reply.bulk(reason)
    }
}

enum LeaseSubcommand: String, Subcommand {
    case renew, release, reader, receipt

    static let family = SubcommandFamily.lease
    static let flags: Command.Flags = [.noScript, .noMulti]
    static let categories: CommandCategory = []
    static let group = "server"
    static let usualPrivilege = SubcommandRule.Privilege.admin

    var rule: SubcommandRule {
        switch self {
        case .renew: makeRule(4, "Asks for a lease.", since: "7.0.0", "name offset")
        case .release: makeRule(3, "Gives a lease back.", since: "7.0.0", "name")
        case .reader:
            makeRule(
                3, "Tells whether the connection's reads of revocations may be answered from a copy.", since: "7.0.0",
                "prefix", .everyone)
        case .receipt: makeRule(2, "Says where what was written before is in force.", since: "7.0.0", "", .none)
        }
    }
}

extension Daemon {
    /// Replicas of the process before may come back, and its followers may hold leases.
    func awaitEarlierReplicas(_ persistence: Persistence) {
        if persistence.log.earlierStretch != nil { replicas.awaitEarlierReplicas(at: clock.uptime()) }
        awaitEarlierLeases(persistence)
    }

    /// Guarded writes are answered once the leases of the process before have run out.
    func awaitEarlierLeases(_ persistence: Persistence) {
        let (longest, taken) = (persistence.promisedLease, directoryTakenAt.load(ordering: .relaxed))
        guard longest > 0 else { return }
        replicas.leases.succeed(longest: longest, at: taken)
        let left = max(0, taken + longest + 1 - clock.uptime())
        logger.info("revocations are answered in \(left) ms, when leases of the process before have run out")
        do { try replicas.start(self, persistence.log) } catch {
            logger.error("leases of the process before cannot be waited for: \(error)")
            shutDown()
        }
    }
}
