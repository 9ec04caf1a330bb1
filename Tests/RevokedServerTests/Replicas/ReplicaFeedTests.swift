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

    /// What is removed without a word to anyone has to be noted before a replica's position is looked at: it would keep
    /// for ever what has expired.
    @Test func nobodyBeginsWhileEntriesAreRemovedUntold() throws {
        let log = persistence.log
        let start = Replica.Position(stretch: log.stretchID, offset: log.streamEnd)
        #expect(!daemon.replicas.beginReclaiming(at: daemon.clock.uptime()))
        let feed = feed(from: start)
        #expect(feed.step() && bench.client.unsent.load(ordering: .relaxed) == 0)
        #expect(bench.ask("SET", "k", "1") == "+OK\r\n")
        log.commit()
        log.noteUntold()
        daemon.replicas.endReclaiming()
        // Its position is before what was removed: it waits for a copy of the whole.
        #expect(feed.step() && daemon.replicas.counts.partialCopies == 0)
        // One that comes later goes on from there.
        let later = self.feed(from: Replica.Position(stretch: log.stretchID, offset: log.streamEnd))
        #expect(later.step() && daemon.replicas.counts.partialCopies == 1)
        persistence.end()
    }
}
