import Synchronization
import TestSupport
import Testing

@testable import Persistence
@testable import RevokedServer

/// What one replica is sent, step by step.
@Suite struct ReplicaFeedTests {
    private let folder: TemporaryFolder
    private let daemon = SessionBench.daemon()
    private let persistence: Persistence
    private let bench: SessionBench

    init() throws {
        folder = try TemporaryFolder()
        persistence = try daemon.denylist.persistence(
            PersistenceConfiguration(directory: folder.file("data")), clock: daemon.clock, keepsClock: false,
            onProgress: {})
        _ = try persistence.recover()
        daemon.keep(by: persistence)
        let (epoch, isNew) = try persistence.begin(inBackground: false)
        daemon.adopt(epoch, isNew: isNew)
        bench = SessionBench(daemon)
    }

    private func feed(from position: Replica.Position?) -> ReplicaFeed {
        ReplicaFeed(Replica(bench.client, from: position, port: 1, at: daemon.clock.uptime()), daemon, persistence.log)
    }

    private func step(_ feed: ReplicaFeed) -> Bool {
        var turn = FeedingTurn(persistence.log, free: 128 << 20)
        defer { turn.post() }
        return feed.step(&turn)
    }

    /// Each may have gigabytes of the log to pass, and what leases hold up waits for the same thread.
    @Test func onePassesRecordsAtATime() throws {
        let start = Replica.Position(stretch: persistence.log.stretchID, offset: persistence.log.streamEnd)
        let (first, second) = (feed(from: start), feed(from: start))
        var turn = FeedingTurn(persistence.log, free: 128 << 20)
        let isFirst = first.step(&turn)
        #expect(isFirst && !turn.mayApproach)
        let isSecond = second.step(&turn)
        #expect(isSecond && daemon.replicas.counts.partialCopies == 1)
        #expect(step(second) && daemon.replicas.counts.partialCopies == 2)
        persistence.end()
    }

    /// Who stands at the same position is sent the same bytes; who stands elsewhere is sent its own.
    @Test func whoStandsAtTheSamePositionIsSentTheSame() throws {
        let log = persistence.log
        func tail() -> LogTail { log.tail(of: log.stretchID, from: log.streamEnd)! }
        func approached() -> LogTail {
            var tail = tail()
            while tail.approach() == .underWay {}
            return tail
        }
        var earlier = approached()
        #expect(bench.ask("SET", "k", "1") == "+OK\r\n")
        log.commit()
        var (first, second) = (approached(), approached())
        let start = first.position
        #expect(bench.ask("SET", "l", "2") == "+OK\r\n")
        log.commit()
        var turn = FeedingTurn(log, free: 128 << 20)
        let records = try turn.read(&first, for: bench.client)
        let same = try turn.read(&second, for: bench.client)
        #expect(records == same && first.position == second.position && first.position == log.streamEnd)
        #expect(UInt64(records.count) == log.streamEnd - start)
        let others = try turn.read(&earlier, for: bench.client)
        #expect(others.count > records.count && others.suffix(records.count).elementsEqual(records))
        let nothing = try turn.read(&first, for: bench.client)
        #expect(nothing.isEmpty)
        persistence.end()
    }

    /// A thousand may copy at the same time: then each is sent little at a time.
    @Test func whatIsReadInOneTurnIsBounded() {
        var turn = FeedingTurn(persistence.log, free: 128 << 20)
        let usual = turn.portion
        for _ in 0..<64 { turn.use(usual) }
        #expect(usual == 256 << 10 && turn.portion == 4 << 10)
        // What waits already counts, too.
        #expect(FeedingTurn(persistence.log, free: 0).portion == 4 << 10)
        persistence.end()
    }

    /// What is removed without a word to anyone has to be noted before a replica's position is looked at: it would keep
    /// for ever what has expired.
    @Test func nobodyBeginsWhileEntriesAreRemovedUntold() throws {
        let log = persistence.log
        let start = Replica.Position(stretch: log.stretchID, offset: log.streamEnd)
        #expect(!daemon.replicas.beginReclaiming(at: daemon.clock.uptime()))
        let feed = feed(from: start)
        #expect(step(feed) && bench.client.unsent.load(ordering: .relaxed) == 0)
        #expect(bench.ask("SET", "k", "1") == "+OK\r\n")
        log.commit()
        log.noteUntold()
        daemon.replicas.endReclaiming()
        // Its position is before what was removed: it waits for a copy of the whole.
        #expect(step(feed) && daemon.replicas.counts.partialCopies == 0)
        // One that comes later goes on from there.
        let later = self.feed(from: Replica.Position(stretch: log.stretchID, offset: log.streamEnd))
        #expect(step(later) && daemon.replicas.counts.partialCopies == 1)
        persistence.end()
    }
}
