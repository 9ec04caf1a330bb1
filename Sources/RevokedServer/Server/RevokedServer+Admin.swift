import AdminHTTP
import Synchronization

/// Metrics and health over HTTP: up before the data directory is read, so that it can be told how far that has come.
extension RevokedServer {
    func startAdmin() async throws(ServerError) {
        do throws(AdminError) {
            let server = try await AdminServer.start(
                daemon.configuration.http, tls: daemon.tls, logger: daemon.logger
            ) { [admin = DaemonAdmin(daemon: daemon)] in admin.answer($0) }
            admin.withLock { $0 = server }
        } catch {
            throw ServerError(error.isAddressInUse ? .addressInUse : .cannotListen, error.description)
        }
    }

    func stopAdmin() async { await admin.withLock { $0.take() }?.stop() }
}
