import ProcessOutput
import ServiceLifecycle
import TLS
import UnixSignals

/// Reads the certificates anew on SIGHUP, without which that signal does nothing: those of the node's own port, and
/// those for the store.
struct CertificateReloads: Service {
    let tls: ServerTLS?
    let denylist: any NodeDenylist
    let manager: ServiceManager

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            await manager.reload {
                await tls?.reload()
                await denylist.reload()
            }
        }
    }
}
