import RevokedServer
import Synchronization

/// Two clocks that a test moves, in milliseconds.
final class TestClock: Sendable {
    private let state = Mutex((wall: Int64(1_790_000_000_000), boot: Int64(5_000_000)))

    var wall: Int64 { state.withLock { $0.wall } }

    var source: TimeSource {
        TimeSource(
            wall: { [self] in state.withLock { $0.wall } }, boot: { [self] in state.withLock { $0.boot } })
    }

    /// Time passes: both clocks move on.
    func advance(_ duration: Duration) { move(wall: duration, boot: duration) }

    /// Somebody sets the wall clock.
    func setWall(by duration: Duration) { move(wall: duration, boot: .zero) }

    private func move(wall: Duration, boot: Duration) {
        state.withLock {
            $0.wall += wall.components.seconds * 1000
            $0.boot += boot.components.seconds * 1000
        }
    }
}
