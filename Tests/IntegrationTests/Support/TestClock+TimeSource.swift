import Denylist
import RevokedServer
import TestSupport

extension TestClock {
    /// These clocks, as the daemon reads them.
    var source: TimeSource {
        TimeSource(
            wall: { [self] in wall }, boot: { [self] in boot },
            identity: { [self] in BootIdentity(bootID: "boot-\(boots)", timeNamespace: "time:[1]") })
    }
}
