import Denylist
import TestSupport
import Testing

@testable import RevokedServer

/// Entries that expire are told of once, while somebody wants to hear.
@Suite struct ExpiryWatchTests {
    private let clock = TestClock()
    private let daemon: Daemon
    private let writer: SessionBench
    private let listener: SessionBench

    init() {
        daemon = SessionBench.daemon(time: clock.source)
        (writer, listener) = (SessionBench(daemon), SessionBench(daemon))
        #expect(writer.ask("CONFIG", "SET", "notify-keyspace-events", "Ex") == "+OK\r\n")
    }

    /// One turn over all parts.
    @discardableResult
    private func turn() -> ClockReading? {
        var told: ClockReading?
        for _ in 0..<Denylist.parts {
            told = daemon.denylist.observers.expiry.step(daemon.denylist, at: daemon.clock.now())
        }
        return told
    }

    /// The keys of the messages that came, in any order.
    private func heard() -> [String] {
        let words = listener.mail().split(separator: "\r\n").map(String.init)
        return words.indices.filter { words[$0] == "__keyevent@0__:expired" }.map { words[$0 + 2] }.sorted()
    }

    @Test func eachIsToldOnce() {
        _ = listener.ask("SUBSCRIBE", "__keyevent@0__:expired")
        turn()
        let keys = (0..<500).map { "k\($0)" }.sorted()
        for key in keys { _ = writer.ask("SETEX", key, "10", "v") }
        _ = writer.ask("SETEX", "revoked:jti:a", "10", "logout")
        _ = writer.ask("SETEX", "later", "100", "v")
        _ = writer.ask("SET", "never", "v")
        turn()
        #expect(heard() == [])
        clock.advance(.seconds(10))
        turn()
        #expect(heard() == keys + ["revoked:jti:a"])
        turn()
        clock.advance(.seconds(10))
        turn()
        #expect(heard() == [])
        clock.advance(.seconds(90))
        turn()
        #expect(heard() == ["later"])
    }

    @Test func whatExpiredBeforeSomebodyListenedIsNotTold() {
        _ = writer.ask("SETEX", "k", "10", "v")
        #expect(turn() == nil)
        clock.advance(.seconds(20))
        _ = listener.ask("SUBSCRIBE", "__keyevent@0__:expired")
        turn()
        #expect(heard() == [])
        _ = listener.ask("UNSUBSCRIBE")
        #expect(turn() == nil)
    }

    /// A write that takes the place of an entry that has expired, before the walk comes by.
    @Test func aReplacedEntryIsToldOf() {
        _ = listener.ask("SUBSCRIBE", "__keyevent@0__:expired")
        turn()
        _ = writer.ask("SETEX", "k", "10", "v")
        clock.advance(.seconds(20))
        _ = writer.ask("SET", "k", "new")
        #expect(heard() == ["k"])
        turn()
        _ = writer.ask("SET", "k", "newer")
        #expect(heard() == [])
        // One that was told of already.
        _ = writer.ask("SETEX", "k", "10", "v")
        clock.advance(.seconds(20))
        turn()
        #expect(heard() == ["k"])
        _ = writer.ask("SET", "k", "new")
        #expect(heard() == [])
    }

    /// The same of commands that lock several keys.
    @Test(arguments: [
        ["MSET", "k", "new", "other", "v"], ["MSETNX", "k", "new", "other", "v"], ["COPY", "source", "k"],
        ["COPY", "source", "k", "REPLACE"], ["RENAME", "source", "k"], ["RENAMENX", "source", "k"],
        ["MSETEX", "1", "k", "v", "EX", "10"],
    ])
    func anEntryThatIsReplacedWithOthersIsToldOf(_ words: [String]) {
        replace("k", words)
    }

    @Test func anEntryThatIsReplacedFromAnotherDatabaseIsToldOf() {
        _ = writer.ask("SELECT", "1")
        _ = writer.ask("SET", "k", "v")
        let mover = SessionBench(daemon)
        _ = mover.ask("SELECT", "1")
        replace("k", ["MOVE", "k", "0"], by: mover)
    }

    /// A write takes the place of an entry that has expired.
    private func replace(_ key: String, _ words: [String], by other: SessionBench? = nil) {
        _ = writer.ask("SELECT", "0")
        _ = listener.ask("SUBSCRIBE", "__keyevent@0__:expired")
        turn()
        _ = writer.ask("SET", "source", "v")
        _ = writer.ask("SETEX", key, "10", "v")
        clock.advance(.seconds(20))
        #expect(!text((other ?? writer).converse([encode(words)])).hasPrefix("-"), "\(words)")
        #expect(heard() == [key], "\(words)")
        turn()
        #expect(writer.ask("EXISTS", key) == ":1\r\n" && heard() == [], "\(words)")
    }

    /// What is not told of yet is not reclaimed.
    @Test func theMomentOfTheOldestPartIsKnown() {
        _ = listener.ask("SUBSCRIBE", "__keyevent@0__:expired")
        turn()
        let before = daemon.clock.now()
        clock.advance(.seconds(1))
        let watch = daemon.denylist.observers.expiry
        #expect(watch.step(daemon.denylist, at: daemon.clock.now())?.wall == before.wall)
        #expect(turn()?.wall == before.wall + 1000)
    }
}
