import Synchronization
import Testing

@testable import RevokedServer

/// Which changes a watching connection is told of.
@Suite struct WatchedKeysTests {
    private let daemon = SessionBench.daemon()
    private let watcher: SessionBench
    private let other: SessionBench

    init() {
        watcher = SessionBench(daemon)
        other = SessionBench(daemon)
    }

    private func key(_ name: String) -> WatchedKeys.Key { WatchedKeys.Key(Array(name.utf8).span.bytes, database: 0) }

    private func isMarked(_ bench: SessionBench) -> Bool { bench.client.hasSeenChange.load(ordering: .acquiring) }

    /// Whether a command of another connection marks one that watches `key`.
    private func marks(_ name: String, _ words: String...) -> Bool {
        daemon.denylist.observers.watch(key(name), watcher.client)
        defer {
            daemon.denylist.observers.unwatch([key(name)], watcher.client)
            watcher.client.hasSeenChange.store(false, ordering: .relaxed)
        }
        _ = other.converse([encode(words)])
        return isMarked(watcher)
    }

    @Test func everyWriteMarks() {
        #expect(marks("k", "SET", "k", "1"))
        #expect(marks("k", "SET", "k", "1"))
        #expect(marks("k", "EXPIRE", "k", "100"))
        #expect(marks("k", "PERSIST", "k"))
        #expect(marks("k", "GETEX", "k", "EX", "100"))
        #expect(marks("k", "MSET", "a", "1", "k", "2"))
        #expect(marks("k", "EXPIRE", "k", "-1"))
        #expect(marks("k", "SETNX", "k", "1"))
        #expect(marks("k", "GETDEL", "k"))
        #expect(marks("revoked:jti:a", "SETEX", "revoked:jti:a", "100", "logout"))
        #expect(marks("revoked:jti:a", "DEL", "revoked:jti:a"))
    }

    @Test func whatChangesNothingDoesNotMark() {
        _ = other.ask("SETEX", "revoked:jti:a", "100", "logout")
        _ = other.ask("SET", "k", "1")
        #expect(!marks("k", "GET", "k"))
        #expect(!marks("k", "SET", "k", "2", "NX"))
        #expect(!marks("k", "PERSIST", "k"))
        #expect(!marks("k", "SET", "other", "1"))
        #expect(!marks("k", "DEL", "other"))
        // A revocation that is asked for again, for less.
        #expect(!marks("revoked:jti:a", "SETEX", "revoked:jti:a", "50", "admin"))
    }

    @Test func flushMarksThoseWhoWatchAKeyThatIsThere() {
        _ = other.ask("SET", "k", "1")
        #expect(!marks("missing", "FLUSHALL"))
        _ = other.ask("SET", "k", "1")
        #expect(marks("k", "FLUSHALL"))
    }

    @Test func nobodyIsAskedOnceAllHaveGone() {
        let observers = daemon.denylist.observers
        #expect(observers.interest.isEmpty)
        observers.watch(key("a"), watcher.client)
        observers.watch(key("a"), watcher.client)
        observers.watch(key("a"), other.client)
        #expect(observers.interest == .watches)
        observers.unwatch([key("a"), key("b")], watcher.client)
        #expect(observers.interest == .watches)
        _ = other.ask("SET", "a", "1")
        #expect(!isMarked(watcher))
        #expect(isMarked(other))
        observers.unwatch([key("a")], other.client)
        #expect(observers.interest.isEmpty)
    }
}
