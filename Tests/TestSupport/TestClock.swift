import Synchronization

/// A machine's clocks, which a test moves. In milliseconds.
package final class TestClock: Sendable {
    private struct State {
        var wall: Int64
        var boot: Int64
        var boots = 1
    }

    private let state: Mutex<State>

    /// - Parameter wall: since 1970.
    /// - Parameter boot: since the machine was started.
    package init(wall: Int64 = 1_790_000_000_000, boot: Int64 = 5_000_000) {
        state = Mutex(State(wall: wall, boot: boot))
    }

    package var wall: Int64 {
        get { state.withLock { $0.wall } }
        set { state.withLock { $0.wall = newValue } }
    }
    package var boot: Int64 { state.withLock { $0.boot } }
    /// How often the machine has been started.
    package var boots: Int { state.withLock { $0.boots } }

    /// Time passes: both clocks move on.
    package func advance(_ duration: Duration) { move(wall: duration, boot: duration) }

    /// Somebody sets the wall clock.
    package func setWall(by duration: Duration) { move(wall: duration, boot: .zero) }

    /// The machine is off for so long, and comes back.
    package func reboot(after duration: Duration) {
        state.withLock { state in
            state.wall += Int64(duration / .milliseconds(1))
            state.boot = 3_000
            state.boots += 1
        }
    }

    private func move(wall: Duration, boot: Duration) {
        state.withLock {
            $0.wall += Int64(wall / .milliseconds(1))
            $0.boot += Int64(boot / .milliseconds(1))
        }
    }
}
