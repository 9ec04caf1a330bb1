import Dispatch
import Synchronization

/// A lock that is nearly always free, and goes to waiting threads in turn: its owner cannot take it again before a
/// thread that waits. It may be unlocked in another function than it was locked in.
final class FairLock: Sendable {
    /// The owner, and the threads that wait.
    private let claims = Atomic(0)
    private let handedOver = DispatchSemaphore(value: 0)

    /// - Returns: whether another thread had it.
    @discardableResult @inline(__always)
    func lock() -> Bool {
        guard claims.wrappingAdd(1, ordering: .acquiring).oldValue > 0 else { return false }
        handedOver.wait()
        return true
    }

    @inline(__always)
    func unlock() {
        if claims.wrappingSubtract(1, ordering: .acquiringAndReleasing).oldValue > 1 { handedOver.signal() }
    }
}
