import NIOCore
import NIOPosix
import ProcessOutput
import ServiceLifecycle

/// Tells systemd that the node's event loops answer, and that the node is about to end.
///
/// The last service of its group, so the first to hear of the end.
struct ServiceNotices: Service {
    let manager: ServiceManager

    func run() async throws {
        async let _ = manager.keepAlive {
            for loop in Node.eventLoops.makeIterator() { try? await loop.submit {}.get() }
        }
        try await gracefulShutdown()
        manager.tell(.stopping)
    }
}
