package import AdminHTTP
import Dispatch
package import Logging
import Persistence
import Synchronization
import TLS

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The daemon as a library: listens, serves, ends in order.
///
/// ```swift
/// let server = RevokedServer(configuration)
/// let endpoints = try await server.start()
/// try await server.recover()          // reads the data directory, if there is one
/// await server.waitForShutdown()      // SHUTDOWN, or whoever calls requestShutdown()
/// await server.stop()
/// ```
package final class RevokedServer: Sendable {
    let daemon: Daemon
    /// Each serves some of the ports.
    private let transports: [any Transport]
    private let shutdown = AsyncStream<Void>.makeStream()
    /// The result of reading the data directory; ends without one when the daemon is asked to end.
    let recovery = AsyncStream<Result<RecoveryReport, ServerError>>.makeStream()
    /// Who has to end persistence.
    let phase = Mutex(Phase.resting)
    /// Signalled when the thread that has read the data directory has begun to write, or has let it go again.
    let hasBegun = DispatchSemaphore(value: 0)
    let admin = Mutex<AdminServer?>(nil)
    /// Where metrics and health are served, with the port that was taken; nil if nowhere.
    package var httpAddress: AdminAddress? { admin.withLock { $0?.address } }

    /// - Parameters:
    ///   - configuration: the daemon's settings.
    ///   - time: passed in by tests that move it.
    ///   - logger: takes the daemon's log (Messages.md).
    ///   - importSource: whose keys are imported (`--import-from`); nil for none.
    package convenience init(
        _ configuration: ServerConfiguration, time: TimeSource = .system,
        logger: Logger = Logger(label: "revoked.server"), importSource: ImportSource? = nil
    ) {
        self.init(configuration, time: time, logger: logger, keepsGuardedTime: true, importSource: importSource)
    }

    /// - Parameter keepsGuardedTime: whether guarded time goes on over restarts: only the canary of that does without.
    package init(
        _ configuration: ServerConfiguration, time: TimeSource, logger: Logger, keepsGuardedTime: Bool,
        importSource: ImportSource? = nil
    ) {
        let daemon = Daemon(
            configuration, time: time, logger: logger, keepsGuardedTime: keepsGuardedTime, importSource: importSource)
        self.daemon = daemon
        transports = Self.transports(of: daemon)
        daemon.onShutdown { [shutdown = shutdown.continuation, recovery = recovery.continuation] in
            shutdown.finish()
            recovery.finish()
        }
    }

    /// On Linux a loop of our own serves plain text. SwiftNIO serves TLS, and everything elsewhere.
    private static func transports(of daemon: Daemon) -> [any Transport] {
        let configuration = daemon.configuration
        #if os(Linux)
            if configuration.transport == .epoll {
                var transports: [any Transport] = []
                if configuration.servesPlainPort || configuration.unixSocket != nil {
                    transports.append(EpollTransport(daemon))
                }
                if configuration.tlsPort != nil { transports.append(NIOTransport(daemon, servesPlainText: false)) }
                return transports
            }
        #endif
        return [NIOTransport(daemon, servesPlainText: true)]
    }

    /// Takes the data directory, if there is one, and begins to listen. With a data directory, most commands are
    /// answered `-LOADING` until ``recover()`` has returned.
    /// - Returns: where, with the ports that were taken.
    /// - Throws: ``ServerError``: an address in use, one beyond loopback without a password, no resources, a data
    ///   directory that another daemon uses or that cannot be written.
    package func start() async throws(ServerError) -> [Endpoint] {
        try loadUsers()
        try checkProtection()
        try checkImport()
        allowDescriptors()
        try daemon.loadCertificate()
        try openDirectory()
        var endpoints: [Endpoint] = []
        var started: [any Transport] = []
        do throws(ServerError) {
            for transport in transports {
                endpoints += try await transport.start()
                started.append(transport)
            }
            try await startAdmin()
        } catch {
            await Self.stop(started)
            await endPersistence()
            throw error
        }
        for endpoint in endpoints.reversed() {
            switch endpoint {
            case .tcp(_, let port): daemon.port.store(port, ordering: .relaxed)
            case .tls(_, let port): daemon.tlsPort.store(port, ordering: .relaxed)
            case .unix: break
            }
        }
        return endpoints
    }

    private static func stop(_ transports: [any Transport]) async {
        await withTaskGroup(of: Void.self) { group in
            for transport in transports { group.addTask { await transport.stop() } }
        }
    }

    /// Reads the files of TLS anew, as SIGHUP asks for. No connection notices. A failure changes nothing but the log.
    package func reload() async { await daemon.tls?.reload() }

    /// Returns when the daemon is asked to end, or the task is cancelled. Meanwhile keeps time and reclaims what
    /// expired.
    package func waitForShutdown() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [daemon] in await daemon.runPeriodic() }
            for await _ in shutdown.stream {}
            group.cancelAll()
        }
    }

    /// Returns when every thread that serves connections has answered: none of them hangs.
    package func waitForEveryThread() async {
        for transport in transports { await transport.waitForEveryThread() }
    }

    /// Makes ``waitForShutdown()`` return, and ``recover()``.
    package func requestShutdown() { daemon.shutDown() }

    /// Stops listening, answers what has arrived, closes all connections, and ends the log in order.
    package func stop() async {
        await stopAdmin()
        await Self.stop(transports)
        await daemon.importer?.close()
        await endPersistence()
    }

    /// The file of users is taken before anyone is served.
    private func loadUsers() throws(ServerError) {
        guard let path = daemon.configuration.userFile else { return daemon.warnOfUsers() }
        do throws(UserFile.Failure) { try daemon.loadFirstUsers(path) } catch {
            throw ServerError(.data, "the file of users cannot be used: \(error.message)")
        }
    }

    /// Loopback needs no password; anything else needs one or certificates of clients, unless told otherwise.
    private func checkProtection() throws(ServerError) {
        let configuration = daemon.configuration
        if let address = configuration.http.exposed, configuration.httpProtectedMode {
            throw ServerError(.unprotected, Self.exposedMetrics(address))
        }
        guard configuration.protectedMode,
            let host = configuration.unprotectedHost(isPasswordRequired: daemon.users.isPasswordRequired)
        else { return }
        throw ServerError(
            .unprotected,
            "refusing to listen on \(host) without a password: anyone who reaches it could revoke tokens, or undo "
                + "revocations. Set REVOKED_REQUIREPASS (or --requirepass), serve TLS alone (--port 0) with "
                + "--tls-auth-clients yes, or pass --protected-mode no")
    }

    /// What is imported, and that it was, has to outlive the process.
    private func checkImport() throws(ServerError) {
        guard daemon.importer != nil, daemon.configuration.directory == nil || !daemon.configuration.isLogging else {
            return
        }
        throw ServerError(.data, "import-from needs a data directory (--dir) and a log in it (--appendonly yes)")
    }

    package static func exposedMetrics(_ address: AdminAddress) -> String {
        "refusing to serve metrics on \(address.host): anyone who reaches it could read them. Put it on loopback "
            + "(--http), or pass --http-protected-mode no"
    }

    /// Raises the limit of open files to what `maxclients` needs, or lowers `maxclients` to what there is.
    private func allowDescriptors() {
        let wanted = daemon.configuration.maximumClients
        let possible = Self.allowConnections(wanted)
        guard possible < wanted else { return }
        daemon.clients.maximum.store(possible, ordering: .relaxed)
        daemon.logger.warning("\(Self.lowered(to: possible))")
    }

    /// Raises the limit of open files to what so many connections need.
    /// - Parameter descriptors: that each of them takes.
    /// - Returns: how many of them there may be.
    package static func allowConnections(_ count: Int, descriptors: Int = 1) -> Int {
        let reserve = 64
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return count }
        let wanted = rlim_t(count * descriptors + reserve)
        guard limit.rlim_cur < wanted else { return count }
        limit.rlim_cur = min(wanted, limit.rlim_max)
        setrlimit(resource, &limit)
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < wanted else { return count }
        return max(1, (Int(limit.rlim_cur) - reserve) / descriptors)
    }

    package static func lowered(to count: Int) -> String {
        "maxclients lowered to \(count): the limit of open files is too low for more"
    }
}
