import Foundation
import PrometheusMetrics
import Testing

@testable import Persistence
@testable import RevokedServer

/// INFO and the metric tell of the mark of an unclean end itself, not of the policy that asks for it.
@Suite struct UncleanMarkTests {
    @Test func whatIsToldIsWhetherTheMarkIsThere() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "revoked-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let bench = SessionBench { $0.directory = folder }
        let daemon = bench.daemon
        let persistence = try daemon.denylist.persistence(
            PersistenceConfiguration(directory: folder), clock: daemon.clock, keepsClock: false)
        _ = try persistence.recover()
        daemon.keep(by: persistence)
        let (epoch, isNew) = try persistence.begin(inBackground: false)
        daemon.adopt(epoch, isNew: isNew)
        daemon.loading.end()
        func isMarked() -> Bool { FileManager.default.fileExists(atPath: "\(folder)/revoked.doubt") }
        func expect(_ isThere: Bool, _ when: Comment) {
            let number = isThere ? 1 : 0
            #expect(isMarked() == isThere, when)
            #expect(bench.ask("INFO", "persistence").contains("unclean_mark:\(number)\r\n"), when)
            #expect(
                Exposition.text(DaemonMetrics(daemon).families).contains("\nrevoked_epoch_doubt \(number)\n"), when)
        }

        expect(false, "always")
        try persistence.setPolicy(.everysec)
        expect(true, "everysec")
        try FileManager.default.removeItem(atPath: "\(folder)/appendonlydir")
        persistence.log.append(remove: Array("key".utf8).span.bytes)
        persistence.log.commit(synchronously: true)
        #expect(persistence.log.refusesWrites)
        try persistence.setPolicy(.always)
        expect(true, "always, set while the disk fails")
        persistence.runPeriodic(at: .now + .seconds(60))
        expect(false, "the disk is back")
        persistence.end()
    }
}
