import Denylist
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Persistence
@testable import RevokedServer

/// What INFO says of the loading.
@Suite struct LoadingProgressTests {
    private static let years: Int64 = 56 * 365 * 86_400_000

    /// How long it takes goes by the boot clock: a wall clock that is put right by years meanwhile changes nothing.
    @Test(arguments: [0, years, -years]) func whatIsLeftGoesByTheBootClock(_ jump: Int64) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "revoked-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let clock = TestClock()
        var configuration = ServerConfiguration()
        configuration.directory = folder
        let daemon = Daemon(
            configuration, time: clock.source, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        daemon.keep(
            by: try daemon.denylist.persistence(
                PersistenceConfiguration(directory: folder), clock: daemon.clock, keepsClock: false))
        daemon.loading.advance(to: 1_000, of: 10_000)
        clock.advance(.seconds(2))
        clock.setWall(by: .milliseconds(jump))
        let lines = PersistenceFigures(daemon).lines()
        #expect(lines.contains("loading_eta_seconds:18"), "\(lines)")
        #expect(lines.contains("loading_start_time:1790000000"), "\(lines)")
    }

    /// However little is done after however long, it is a number.
    @Test func whatIsLeftIsBounded() {
        let loading = Loading(startedAt: (ClockReading(wall: 0, guarded: 0), 0), isActive: true)
        loading.advance(to: 1, of: .max)
        #expect(loading.secondsLeft(at: 1 << 40) == 1_000_000_000)
        #expect(loading.secondsLeft(at: -1) == 1)
    }
}
