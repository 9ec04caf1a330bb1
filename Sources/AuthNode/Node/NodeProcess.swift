import AdminHTTP
import Files
import Foundation
package import Logging
import NIOCore
import ProcessOutput
package import PrometheusMetrics
import Revocation
import RevocationHTTP
import ServiceLifecycle
import TLS
import UnixSignals

/// The process of `revoked node`: from settings to a server that ends on SIGTERM or SIGINT.
package enum NodeProcess {
    /// How long requests in flight may take after the signal.
    private static let drainTime: Duration = .seconds(6)

    /// Runs until a signal ends it. Says on standard output where it listens, once it does.
    /// - Parameter metrics: what `MetricsSystem` was bootstrapped with.
    package static func run(_ configuration: NodeConfiguration, metrics: PrometheusFactory) async throws {
        try await run(configuration, metrics: metrics, denylist: nil)
    }

    /// - Parameter makeDenylist: makes another denylist than ``Revocation/RevocationList``; only the laboratory has
    ///   one.
    package static func run(
        _ configuration: NodeConfiguration, metrics: PrometheusFactory,
        denylist makeDenylist: ((Logger) throws -> any NodeDenylist)?
    ) async throws {
        // A reader of the log that goes away must not end the node.
        signal(SIGPIPE, SIG_IGN)
        // A reload may be asked for before the node listens to the signal.
        signal(SIGHUP, SIG_IGN)
        try configuration.validate()
        DescriptorLimit.raise()
        var logger = Logger(label: "revoked.node")
        logger.logLevel = configuration.logLevel
        logger[metadataKey: "node"] = "\(configuration.name)"
        for warning in configuration.warnings { logger.warning("\(warning)") }

        let keys = try await KeyRing(try KeyFiles.load(configuration.keys, logger: logger))
        let accounts = try Accounts(contentsOf: configuration.users)
        if RegularFile.isExposed(configuration.users) {
            logger.warning(
                "others may read the accounts: chmod 600 the file", metadata: ["file": "\(configuration.users)"])
        }
        if accounts.isEmpty { logger.warning("there is no account: nobody can log in (revoked node add-user)") }
        let tls = try certificate(configuration, logger)
        if tls == nil, !["127.0.0.1", "::1", "localhost"].contains(configuration.bind) {
            logger.warning(
                "listening beyond loopback without TLS: set --tls-cert-file, or put a proxy with TLS in front")
        }
        if configuration.failurePolicy == .allow {
            logger.warning("tokens pass unchecked while the store is away: --failure-policy allow")
        }
        let clients =
            try configuration.clients.map { (path) throws(NodeError) in try ClientFile(path).load() } ?? Clients()
        let others = try configuration.issuers.map { (path) throws(NodeError) in try IssuerFile(path, logger: logger) }
        let providers = try configuration.identityProviders.map { (path) throws(NodeError) in
            try IdentityProviderFile(
                path, issuers: .init(own: configuration.issuer, others: others?.issuers ?? []), logger: logger
            ).providers
        }
        let denylist: any NodeDenylist =
            if let makeDenylist {
                try makeDenylist(logger)
            } else {
                try await revocationList(configuration, others, logger)
            }
        let revokedKeys = RevokedKeys()
        let accepting = AcceptStatus()
        let node: Node
        do {
            node = try Node(
                configuration, keys: keys, accounts: accounts, clients: clients, issuers: others?.issuers ?? [],
                providers: providers ?? [], denylist: denylist, revokedKeys: revokedKeys, accepting: accepting,
                tls: tls,
                clock: clock(of: denylist), logger: logger)
        } catch {
            await denylist.close()
            throw error
        }
        let admin: AdminServer?
        do throws(AdminError) {
            admin = try await AdminServer.start(configuration.http, tls: tls, logger: logger) {
                [admin = NodeAdmin(health: node.health, metrics: metrics)] in await admin.answer($0)
            }
        } catch {
            await denylist.close()
            throw NodeError(.cannotListen, error.description)
        }
        do {
            let watch = RevokedKeyWatch(
                sources: node.health.keys.map { ($0.issuer, $0.source) }, denylist: denylist, revoked: revokedKeys,
                logger: logger)
            let host = configuration.bind.contains(":") ? "[\(configuration.bind)]" : configuration.bind
            let scheme = tls == nil ? "http" : "https"
            let metricsLine = admin?.address.map { "metrics on \($0.url)/metrics\n" } ?? ""
            let manager = ServiceManager(logger: logger)
            let application = node.application { port in
                // Not print: standard output may be a file, and whoever waits for this line must not wait for a buffer.
                BackgroundOutput.standardOutput.write("listening on \(scheme)://\(host):\(port)\n\(metricsLine)")
                manager.tell(.ready)
            }
            var group = ServiceGroupConfiguration(
                services: [
                    application, KeyWatch(path: configuration.keys, keys: keys, logger: logger), watch,
                    node.poller,
                    ServiceNotices(manager: manager),
                    CertificateReloads(tls: tls, denylist: denylist, manager: manager),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            group.maximumGracefulShutdownDuration = drainTime
            try await ServiceGroup(configuration: group).run()
        } catch let error as IOError where [EADDRINUSE, EADDRNOTAVAIL, EACCES].contains(error.errnoCode) {
            await admin?.stop()
            await denylist.close()
            let cause = String(cString: strerror(error.errnoCode))
            let cure = error.errnoCode == EADDRINUSE ? " (stop the other process, or choose another --port)" : ""
            throw NodeError(
                .cannotListen, "cannot listen on \(configuration.bind):\(configuration.port): \(cause)\(cure)")
        } catch {
            await admin?.stop()
            await denylist.close()
            throw error
        }
        await admin?.stop()
        await denylist.close()
    }

    /// - Returns: nil without TLS.
    private static func certificate(_ configuration: NodeConfiguration, _ logger: Logger) throws -> ServerTLS? {
        guard configuration.tls.certificate != nil || configuration.tls.key != nil else { return nil }
        do throws(TLSError) { return try ServerTLS(configuration.tls, logger: logger) } catch {
            throw NodeError(.cannotListen, "cannot serve HTTPS: \(error)")
        }
    }

    /// The store's, as far as known: tokens say times of that clock, or of issuers that are compared with it.
    private static func clock(of denylist: any NodeDenylist) -> WallClock {
        guard let list = denylist as? RevocationList else { return .system }
        return WallClock { list.estimatedTime }
    }

    private static func revocationList(
        _ configuration: NodeConfiguration, _ others: IssuerFile?, _ logger: Logger
    ) async throws -> RevocationList {
        var denylist = configuration.denylistConfiguration(others: others?.terms ?? [], leads: others?.leads ?? [:])
        denylist.eventLoops = Node.eventLoops
        let list = try RevocationList(configuration.backend, configuration: denylist, logger: logger)
        try await prepare(list, logger)
        return list
    }

    /// A node whose settings the denylist's terms do not cover must not start. One whose store is away starts all the
    /// same: it says at `/readyz` what is amiss, and answers nothing before it has seen the terms.
    private static func prepare(_ list: RevocationList, _ logger: Logger) async throws {
        do throws(RevocationError) {
            try await list.prepare()
        } catch  where error.code == .termsDisagree {
            await list.close()
            throw NodeError(.invalidSetting, error.message)
        } catch {
            logger.warning("\(error.message)", metadata: ["code": "\(error.code.rawValue)"])
        }
    }
}
