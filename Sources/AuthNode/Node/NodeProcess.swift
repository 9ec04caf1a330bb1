import AdminHTTP
import Foundation
package import Logging
import NIOCore
import ProcessOutput
package import PrometheusMetrics
import Revocation
import RevocationHTTP
import ServiceLifecycle
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
        try configuration.validate()
        DescriptorLimit.raise()
        var logger = Logger(label: "revoked.node")
        logger.logLevel = configuration.logLevel
        logger[metadataKey: "node"] = "\(configuration.name)"
        for notice in configuration.notices { logger.notice("\(notice)") }

        let keys = try await KeyRing(try KeyFiles.load(configuration.keys, logger: logger))
        let accounts = try Accounts(contentsOf: configuration.users)
        if PrivateFile.isExposed(configuration.users) {
            logger.warning(
                "others may read the accounts: chmod 600 the file", metadata: ["file": "\(configuration.users)"])
        }
        if accounts.isEmpty { logger.warning("there is no account: nobody can log in (revoked node add-user)") }
        if !["127.0.0.1", "::1", "localhost"].contains(configuration.bind) {
            logger.warning("listening beyond loopback without TLS: put a proxy with TLS in front")
        }
        if configuration.failurePolicy == .allow {
            logger.warning("tokens pass unchecked while the store is away: --failure-policy allow")
        }
        let clients =
            try configuration.clients.map { (path) throws(NodeError) in try ClientFile(path).load() } ?? Clients()
        let others = try configuration.issuers.map { (path) throws(NodeError) in try IssuerFile(path, logger: logger) }
        let denylist: any NodeDenylist =
            if let makeDenylist {
                try makeDenylist(logger)
            } else {
                try await revocationList(configuration, others, logger)
            }
        let revokedKeys = RevokedKeys()
        let accepting = AcceptStatus()
        let health = NodeHealth(
            denylist: denylist, own: configuration.issuer, keys: keys, others: others?.issuers ?? [],
            revokedKeys: revokedKeys, accepting: accepting)
        let admin: AdminServer?
        do throws(AdminError) {
            admin = try await AdminServer.start(configuration.http, logger: logger) {
                [admin = NodeAdmin(health: health, metrics: metrics)] in await admin.answer($0)
            }
        } catch {
            await denylist.close()
            throw NodeError(.cannotListen, error.description)
        }
        do {
            let node = try Node(
                configuration, keys: keys, accounts: accounts, clients: clients, issuers: others?.issuers ?? [],
                denylist: denylist, revokedKeys: revokedKeys, accepting: accepting, clock: clock(of: denylist),
                logger: logger)
            let watch = RevokedKeyWatch(
                sources: health.keys.map { ($0.issuer, $0.source) }, denylist: denylist, revoked: revokedKeys,
                logger: logger)
            let host = configuration.bind.contains(":") ? "[\(configuration.bind)]" : configuration.bind
            let metricsLine = admin?.address.map { "metrics on http://\($0)/metrics\n" } ?? ""
            let application = node.application { port in
                // Not print: standard output may be a file, and whoever waits for this line must not wait for a buffer.
                BackgroundOutput.standardOutput.write("listening on http://\(host):\(port)\n\(metricsLine)")
            }
            var group = ServiceGroupConfiguration(
                services: [application, KeyWatch(path: configuration.keys, keys: keys, logger: logger), watch],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            group.maximumGracefulShutdownDuration = drainTime
            try await ServiceGroup(configuration: group).run()
        } catch let error as IOError where [EADDRINUSE, EADDRNOTAVAIL, EACCES].contains(error.errnoCode) {
            await admin?.stop()
            await denylist.close()
            let cause = String(cString: strerror(error.errnoCode))
            throw NodeError(.cannotListen, "cannot listen on \(configuration.bind):\(configuration.port): \(cause)")
        } catch {
            await admin?.stop()
            await denylist.close()
            throw error
        }
        await admin?.stop()
        await denylist.close()
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
