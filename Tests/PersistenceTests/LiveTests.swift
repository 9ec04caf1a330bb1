import Denylist
import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing
import Threads

@testable import Persistence

/// The real threads on a real disk.
@Suite struct LiveTests {
    /// A directory that goes away with its test.
    private final class Directory {
        let path: String

        init() throws {
            path = FileManager.default.currentDirectoryPath + "/.build/persistence-test-\(UUID().uuidString)"
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private static func open(
        _ path: String, _ denylist: Denylist, _ policy: SyncPolicy = .always, isLogging: Bool = true,
        onProgress: @escaping @Sendable () -> Void = {}
    ) throws -> Persistence {
        var configuration = PersistenceConfiguration(directory: path)
        configuration.policy = policy
        configuration.isLogging = isLogging
        return try Persistence(configuration, denylist, moment: { .start }, onProgress: onProgress)
    }

    private static func wait(until condition: () -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while !condition() {
            guard ContinuousClock.now < deadline else { throw Waited() }
            _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(1))
        }
    }

    private struct Waited: Error {}

    /// Four threads write the same keys, while the log is rewritten, snapshots are taken and the policy changes.
    @Test func whatManyThreadsWroteComesBack() throws {
        let directory = try Directory()
        let denylist = Denylist.small(shards: 8)
        let progress = Atomic<Int>(0)
        let persistence = try Self.open(
            directory.path, denylist, onProgress: { progress.wrappingAdd(1, ordering: .relaxed) })
        _ = try persistence.recover()
        let log = persistence.log
        _ = try persistence.begin()
        let ended = DispatchSemaphore(value: 0)
        for thread in 0..<4 {
            try SystemThread.start("writer \(thread)") {
                var random = SeededGenerator(seed: UInt64(thread))
                var waited = 0
                for number in 0..<2_000 {
                    let key = Array("key \(Int.random(in: 0..<500, using: &random))".utf8)
                    let position =
                        number % 4 == 3
                        ? denylist.remove(key, log) : denylist.set(key, Array("\(thread):\(number)".utf8), log)
                    // A pipeline of 16.
                    if number % 16 == 15 {
                        while log.acknowledged < position {
                            waited += 1
                            sched_yield()
                        }
                    }
                }
                ended.signal()
            }
        }
        for round in 0..<6 {
            // The one before counts for as long as its thread has not let go of it.
            try Self.wait { persistence.requestRewrite() }
            if round == 2 { persistence.requestSave(isInBackground: true) }
            try persistence.setPolicy(round % 2 == 0 ? .everysec : .always)
            persistence.log.checkPace()
            try Self.wait { !persistence.information.isRewriting && persistence.information.rewrites > round }
        }
        for _ in 0..<4 { ended.wait() }
        try Self.wait { persistence.information.saves == 1 }
        persistence.end()
        #expect(log.durable == log.end)
        #expect(progress.load(ordering: .relaxed) > 10)

        let copy = Denylist.small()
        let again = try Self.open(directory.path, copy)
        let report = try again.recover()
        #expect(copy.contents == denylist.contents)
        #expect(report.uncleanReason == nil && report.wasEndedInOrder && report.cuts.isEmpty)
    }

    /// Group commit: a write is answered without anyone asking, and an idle log says that all is on disk.
    @Test(arguments: SyncPolicy.allCases) func aWriteIsAnsweredAndLandsInTheFile(_ policy: SyncPolicy) throws {
        let directory = try Directory()
        let denylist = Denylist.small()
        let persistence = try Self.open(directory.path, denylist, policy)
        _ = try persistence.recover()
        _ = try persistence.begin()
        let position = denylist.set(Array("key".utf8), Array("value".utf8), persistence.log)
        try Self.wait { persistence.log.acknowledged >= position }
        let path = persistence.log.writer.withLock { $0.file?.path } ?? ""
        try Self.wait {
            FileManager.default.contents(atPath: path).map { $0.range(of: Data("value".utf8)) != nil } ?? false
        }
        if policy == .everysec { try Self.wait { persistence.log.durable >= position } }
        persistence.end()
    }

    #if os(Linux)
        /// Records of one thread become durable together. Another thread's do not wait for them.
        @Test func aThreadThatGathersWakesTheWriterOnlyWhenItIsDone() throws {
            let directory = try Directory()
            let denylist = Denylist.small()
            let persistence = try Self.open(directory.path, denylist)
            _ = try persistence.recover()
            _ = try persistence.begin()
            let log = persistence.log
            func write(_ key: String) -> UInt64 { denylist.set(Array(key.utf8), Array("value".utf8), log) }
            let earlier = write("earlier")
            try Self.wait { log.acknowledged >= earlier }
            // It sleeps for long once it has sealed the file.
            try Self.wait { log.writer.withLock { !$0.needsSeal } && log.queue.withLock { $0.isWriterAsleep } }

            log.beginGathering()
            let first = write("first")
            _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(50))
            #expect(log.acknowledged < first)
            let last = write("last")
            log.endGathering()
            try Self.wait { log.acknowledged >= last }

            log.beginGathering()
            try SystemThread.start("another") { _ = denylist.set(Array("other".utf8), Array("value".utf8), log) }
            try Self.wait { log.acknowledged > last }
            log.endGathering()
            persistence.end()
        }
    #endif

    /// How far the log is on disk is noted outside of it while it runs, without an end in order.
    @Test func thePositionIsNotedWhileTheLogRuns() throws {
        let directory = try Directory()
        let denylist = Denylist.small()
        let persistence = try Self.open(directory.path, denylist)
        _ = try persistence.recover()
        _ = try persistence.begin()
        func offset() throws -> Int {
            guard case .at(_, let offset, _) = try persistence.epochFile.read()?.contents.position else { return 0 }
            return offset
        }
        let before = try offset()
        let position = denylist.set(Array("key".utf8), Array("value".utf8), persistence.log)
        try Self.wait { persistence.log.acknowledged >= position }
        try Self.wait { ((try? offset()) ?? 0) > before }
        persistence.end()
    }

    /// What another server wrote is soon written anew, with what says how its expiries are to be read.
    @Test func whatAnotherServerWroteIsSoonOurs() throws {
        let directory = try Directory()
        let first = try Self.open(directory.path, .small())
        _ = try first.recover()
        _ = try first.begin()
        let path = first.log.writer.withLock { $0.file?.path } ?? ""
        first.end()
        var bytes: [UInt8] = []
        bytes.append(request: "SELECT", "0")
        bytes.appendSet("revoked:jti:theirs", "v", expiry: ClockReading.start.wall + 3_600_000)
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: bytes)
        try file.close()
        let again = try Self.open(directory.path, .small())
        #expect(try again.recover().foreignExpiries == 1)
        _ = try again.begin()
        try Self.wait { again.information.rewrites == 1 }
        again.end()
        #expect(try Self.open(directory.path, .small()).recover().foreignExpiries == 0)
    }

    /// The log's thread sleeps while the policy changes: the next write is answered by the new one, without another.
    @Test(arguments: [SyncPolicy.everysec, .no]) func aWriteAfterThePolicyBecameAlwaysIsAnswered(
        _ policy: SyncPolicy
    ) throws {
        let directory = try Directory()
        let denylist = Denylist.small()
        let persistence = try Self.open(directory.path, denylist, policy)
        _ = try persistence.recover()
        _ = try persistence.begin()
        defer { persistence.end() }
        for round in 0..<3 {
            denylist.set(Array("key".utf8), Array("\(round)".utf8), persistence.log)
            try Self.wait { persistence.log.queue.withLock { $0.isWriterAsleep } }
            try persistence.setPolicy(.always)
            let position = denylist.set(Array("key".utf8), Array("always".utf8), persistence.log)
            try Self.wait { persistence.log.acknowledged >= position }
            try persistence.setPolicy(policy)
        }
    }

    @Test func aSecondProcessIsRefused() throws {
        let directory = try Directory()
        let first = try Self.open(directory.path, .small())
        #expect {
            _ = try Self.open(directory.path, .small())
        } throws: { ($0 as? PersistenceError)?.code == .locked }
        withExtendedLifetime(first) {}
    }

    /// The directory is removed: writes are refused until a new log is complete, and it lacks nothing.
    @Test func aRemovedDirectoryIsNoticedAndWrittenAnew() throws {
        let directory = try Directory()
        let denylist = Denylist.small()
        let persistence = try Self.open(directory.path, denylist)
        _ = try persistence.recover()
        _ = try persistence.begin()
        let log = persistence.log
        let first = denylist.set(Array("one".utf8), [1], log)
        try Self.wait { log.acknowledged >= first }
        try FileManager.default.removeItem(atPath: directory.path + "/appendonlydir")
        let second = denylist.set(Array("two".utf8), [2], log)
        try Self.wait { log.acknowledged >= second }
        #expect(log.state == .running && !log.refusesWrites && log.refusal == nil)
        persistence.end()
        let copy = Denylist.small()
        let report = try Self.open(directory.path, copy).recover()
        #expect(copy.contents == denylist.contents && report.uncleanReason == nil)
    }

    /// From memory to a log and back: a log that misses writes leads to a new epoch.
    @Test func loggingIsTurnedOnAndOff() throws {
        let directory = try Directory()
        let denylist = Denylist.small()
        let persistence = try Self.open(directory.path, denylist, isLogging: false)
        _ = try persistence.recover()
        _ = try persistence.begin()
        denylist.set(Array("early".utf8), [1], persistence.log)
        #expect(persistence.log.acknowledged == .max)
        let done = DispatchSemaphore(value: 0)
        persistence.requestLogging(true) { error in
            #expect(error == nil)
            done.signal()
        }
        done.wait()
        let position = denylist.set(Array("late".utf8), [2], persistence.log)
        try Self.wait { persistence.log.acknowledged >= position }
        persistence.requestLogging(false) { _ in done.signal() }
        done.wait()
        denylist.set(Array("missing".utf8), [3], persistence.log)
        persistence.end()
        let copy = Denylist.small()
        let report = try Self.open(directory.path, copy).recover()
        #expect(copy.contents.count == 2 && report.uncleanReason == "the daemon ran without a log")
    }
}
