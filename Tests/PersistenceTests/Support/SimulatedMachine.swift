import Denylist
import RevokedServer

@testable import Persistence

/// A machine with a disk, whose clocks are set wrong, that is stopped, rebooted and left alone. Times in milliseconds.
// @unchecked: one thread at a time drives it.
final class SimulatedMachine: @unchecked Sendable {
    let disk: SimulatedDisk
    /// The time that passes, whatever clocks say.
    private(set) var real: Int64 = 1_790_000_000_000
    /// How far the wall clock is ahead of it.
    var error: Int64 = 0
    /// When the boot clock read 0.
    private var booted: Int64 = 1_790_000_000_000 - 5_000
    private var boots = 1
    private var namespaces = 1

    init(seed: UInt64) { disk = SimulatedDisk(seed: seed) }

    var wall: Int64 { real + error }
    var boot: Int64 { real - booted }

    var source: TimeSource {
        TimeSource(
            wall: { [self] in wall }, boot: { [self] in boot },
            identity: { [self] in BootIdentity(bootID: "boot-\(boots)", timeNamespace: "time:[\(namespaces)]") })
    }

    func pass(_ milliseconds: Int64) { real += milliseconds }

    /// The machine starts anew.
    /// - Parameter uptime: what its boot clock says by the time that a daemon is started.
    func reboot(uptime: Int64) {
        boots += 1
        booted = real - uptime
    }

    /// The daemon finds itself in another time namespace, where the boot clock says something else.
    func changeNamespace(by milliseconds: Int64) {
        namespaces += 1
        booted -= milliseconds
    }
}
