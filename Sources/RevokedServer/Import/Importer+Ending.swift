import Logging
import NIOCore
import Persistence

// `REPLICAOF NO ONE`.

extension Importer {
    /// How long the log, and followers, may take to have all that was read.
    private static var patience: TimeAmount { .seconds(5) }

    enum Ending {
        /// There is nothing to end.
        case none
        case refused(String)
        /// Answered when all that was read is kept, and that the import has ended.
        case later(DeferredReply)
    }

    /// Nothing is read any more.
    struct EndingState {
        /// All who wait for the same end.
        var replies: [DeferredReply]
        let deadline: NIODeadline
    }

    private var notCopied: String {
        "ERR the keys of \(source.name) are not copied yet: INFO replication says how far that is"
    }

    func end() -> Ending {
        let values = figures.read(acknowledged: log?.acknowledged ?? 0)
        if values.phase == .ended { return .none }
        guard values.isComplete else { return .refused(notCopied) }
        let reply = DeferredReply()
        loop.execute { [self] in beginEnding(reply) }
        return .later(reply)
    }

    private func beginEnding(_ reply: DeferredReply) {
        guard sink != nil else {
            let hasEnded = figures.read(acknowledged: 0).phase == .ended
            return answer([reply], hasEnded ? nil : "ERR the daemon is ending")
        }
        guard ending == nil else {
            ending?.replies.append(reply)
            return
        }
        ending = EndingState(replies: [reply], deadline: .now() + Self.patience)
        setReading(false)
        readClock { [self] clock in
            switch clock {
            case .setBack: goOn("ERR the clock of \(source.name) was set back: all keys are copied again")
            case .unknown where channel != nil: goOn("ERR the clock of \(source.name) could not be read: try again")
            // A source that is gone makes no copy any more: what is here is all that there is.
            case .covered where mustCopyAgain: goOn(notCopied)
            case .unknown, .covered: settle()
            }
        }
    }

    private func settle() {
        guard let sink else { return finish("ERR the daemon is ending") }
        sink.inTurn { sink.settle() }
        if let objection = sink.objection {
            // What waited for an expiry is not kept, so the copy does not go on where it was.
            finish("ERR not all keys are copied: \(objection)")
            return fail(.stream(objection), sink)
        }
        let end = sink.end
        let leases = daemon.replicas.leases
        awaitLog(end, followersToo: leases.released < end && leases.mustWait(for: end))
    }

    private func awaitLog(_ end: UInt64, followersToo: Bool) {
        guard sink != nil, let persistence = daemon.persistence, let ending else {
            return finish("ERR the daemon is ending")
        }
        if let refusal = persistence.log.refusal { return goOn(refusal) }
        guard persistence.log.acknowledged >= end, !followersToo || daemon.replicas.leases.released >= end else {
            guard ending.deadline > .now() else {
                return goOn("ERR the import has not ended: what was read is not kept yet. Try again")
            }
            loop.scheduleTask(in: Self.pause) { [weak self] in self?.awaitLog(end, followersToo: followersToo) }
            return
        }
        do throws(PersistenceError) { try persistence.endImport(from: source.name) } catch {
            return goOn("ERR that the import has ended could not be written: \(error)")
        }
        figures.change { ($0.phase, $0.problem) = (.ended, "") }
        stop()
        daemon.logger.notice("the import from \(source.name) has ended: nothing of it is followed any more")
        finish(nil)
    }

    /// It has not ended, and goes on.
    private func goOn(_ failure: String) {
        finish(failure)
        if channel == nil { return reconnect() }
        setReading(!isFull)
        drain()
    }

    private func finish(_ failure: String?) {
        let replies = ending?.replies ?? []
        ending = nil
        answer(replies, failure)
    }

    private func answer(_ replies: [DeferredReply], _ failure: String?) {
        for reply in replies { reply.complete(failure) }
        daemon.logHasProgressed()
    }
}
