import Denylist
import RevokedServer
import Synchronization

/// The clocks of a machine that a test moves, in milliseconds.
final class TestClock: Sendable {
    private struct State {
        var wall: Int64
        var boot: Int64
        var boots = 1
    }

    private let state: Mutex<State>

    init(wall: Int64 = 1_790_000_000_000, boot: Int64 = 5_000_000) {
        state = Mutex(State(wall: wall, boot: boot))
    }

    var wall: Int64 { state.withLock { $0.wall } }

    var source: TimeSource {
        TimeSource(
            wall: { [self] in state.withLock { $0.wall } }, boot: { [self] in state.withLock { $0.boot } },
            identity: { [self] in
                BootIdentity(bootID: "boot-\(state.withLock { $0.boots })", timeNamespace: "time:[1]")
            })
    }

    /// Time passes: both clocks move on.
    func advance(_ duration: Duration) { move(wall: duration, boot: duration) }

    /// Somebody sets the wall clock.
    func setWall(by duration: Duration) { move(wall: duration, boot: .zero) }

    /// The machine is off for so long, and comes back.
    func reboot(after duration: Duration) {
        state.withLock { state in
            state.wall += duration.components.seconds * 1000
            state.boot = 3_000
            state.boots += 1
        }
    }

    private func move(wall: Duration, boot: Duration) {
        state.withLock {
            $0.wall += wall.components.seconds * 1000
            $0.boot += boot.components.seconds * 1000
        }
    }
}
