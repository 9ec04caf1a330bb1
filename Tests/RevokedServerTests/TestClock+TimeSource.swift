import RevokedServer
import TestSupport

extension TestClock {
    /// These clocks, as the daemon reads them.
    var source: TimeSource { TimeSource(wall: { [self] in wall }, boot: { [self] in boot }) }
}
