import Denylist
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// Figures for a person, on request: `REVOKED_BENCH=1 swift test -c release --filter SpeedBench`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["REVOKED_BENCH"] != nil)) struct SpeedBench {
    @Test func recoveryAndAppending() throws {
        let path = FileManager.default.currentDirectoryPath + "/.build/persistence-bench"
        try? FileManager.default.removeItem(atPath: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let count = 1_000_000
        var configuration = PersistenceConfiguration(directory: path)
        configuration.policy = .everysec
        let denylist = Denylist()
        let moment = { @Sendable in ClockReading.start }
        let persistence = try Persistence(configuration, denylist, moment: moment)
        _ = try persistence.recover()
        _ = try persistence.begin()
        var random = SeededGenerator(seed: 1)
        let keys = (0..<count).map { _ in Array("revoked:jti:\(RewriteTests.uuid(&random))".utf8) }
        let value = Array("logout".utf8)
        let clock = ContinuousClock()
        let appending = clock.measure {
            for key in keys { denylist.set(key, value, expiry: ClockReading.start.wall + 1_000_000, persistence.log) }
        }
        print("store and append: \(appending / count)")
        persistence.end()
        for isBase in [false, true] {
            let copy = Denylist()
            let again = try Persistence(configuration, copy, moment: moment)
            let recovering = try clock.measure { _ = try again.recover() }
            #expect(copy.statistics.entries == count)
            print("recovery of \(count) from \(isBase ? "a base" : "a log"): \(recovering)")
            _ = try again.begin(inBackground: false)
            if !isBase {
                let rewriting = try clock.measure { try again.perform(.rewrite) }
                print("rewriting: \(rewriting)")
            }
            again.end()
        }
    }
}
