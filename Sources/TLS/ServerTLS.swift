import Dispatch
import Files
import Foundation
package import Logging
package import NIOSSL
import Synchronization

/// The TLS of a server that runs: its certificate may be replaced, without a connection noticing.
///
/// ```swift
/// let tls = try ServerTLS(configuration, logger: logger)
/// try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls.context))   // each connection
/// await tls.reload()                                                                          // on SIGHUP
/// ```
package final class ServerTLS: Sendable {
    private struct State {
        var current: LoadedTLS
        /// Rises when clients that were trusted may no longer be, or differently.
        var trust = 0
        /// Why the last load failed; nil if it did not.
        var failure: String?
        var failures = 0
        /// Key files that the log has warned of.
        var exposedKeys: Set<String> = []
    }

    private let state: Mutex<State>
    /// Reads the files, which no thread that serves clients waits for. One change at a time, from the configuration in
    /// force until the new one is.
    private let queue = DispatchQueue(label: "revoked.tls")
    private let logger: Logger

    /// - Parameter now: seconds since 1970; passed in by tests.
    /// - Throws: ``TLSError``.
    package init(_ configuration: ServerTLSConfiguration, logger: Logger, now: Int = ServerTLS.unixTime())
        throws(TLSError)
    {
        let loaded = try LoadedTLS(configuration)
        state = Mutex(State(current: loaded))
        self.logger = logger
        warn(of: loaded, at: now)
    }

    /// What a new connection begins with. Never cached: a reload replaces it.
    package var context: NIOSSLContext { state.withLock { $0.current.context } }

    /// The same, with ``trust``.
    package var beginning: (context: NIOSSLContext, trust: Int) {
        state.withLock { ($0.current.context, $0.trust) }
    }

    /// A handshake that began under another one may end with a client that is not trusted any more.
    package var trust: Int { state.withLock { $0.trust } }

    /// The same for ports where no client has to show a certificate.
    package var contextForAnyone: NIOSSLContext { state.withLock { $0.current.contextForAnyone } }

    package var configuration: ServerTLSConfiguration { state.withLock { $0.current.configuration } }

    // MARK: Reload

    /// Reads the files anew. What was there stays if they cannot be used, and the log says why.
    /// - Returns: whether new connections get the new certificate.
    @discardableResult
    package func reload(now: Int = ServerTLS.unixTime()) async -> Bool {
        await withCheckedContinuation { ended in
            change(now: now, to: { $0 }) { failure in ended.resume(returning: failure == nil) }
        }
    }

    /// Replaces the configuration, and reads its files: new connections begin with those, and open ones keep what they
    /// have. What was there stays if the files cannot be used.
    /// - Parameters:
    ///   - next: makes the new configuration of the one in force. No other change or reload comes between, so none is
    ///     undone by another.
    ///   - permission: calls what it is given, which puts the new configuration in force, or throws why it may not.
    ///   - completion: told on another thread what went wrong. If it was the files that is logged, and kept in
    ///     ``status(now:)`` until a load succeeds.
    package func change(
        now: Int = ServerTLS.unixTime(),
        to next: @escaping @Sendable (ServerTLSConfiguration) -> ServerTLSConfiguration,
        with permission: @escaping @Sendable (_ install: () -> Void) throws(TLSError) -> Void = { $0() },
        completion: @escaping @Sendable (TLSError?) -> Void
    ) {
        queue.async { [self] in
            do throws(TLSError) {
                let loaded = try load(next(configuration))
                try permission { install(loaded, now: now) }
                completion(nil)
            } catch { completion(error) }
        }
    }

    private func load(_ configuration: ServerTLSConfiguration) throws(TLSError) -> LoadedTLS {
        do throws(TLSError) { return try LoadedTLS(configuration) } catch {
            state.withLock {
                $0.failure = error.description
                $0.failures += 1
            }
            logger.error("the TLS certificate could not be reloaded, and the old one stays: \(error)")
            throw error
        }
    }

    private func install(_ loaded: LoadedTLS, now: Int) {
        state.withLock {
            if !loaded.trustsTheSame(as: $0.current) { $0.trust += 1 }
            $0.current = loaded
            $0.failure = nil
        }
        logger.info("reloaded the TLS certificate, which is valid until \(Self.text(loaded.expiresAt))")
        warn(of: loaded, at: now)
    }

    private func warn(of loaded: LoadedTLS, at now: Int) {
        if let trouble = Self.trouble(loaded, at: now) { logger.warning("\(trouble)") }
        guard let key = loaded.configuration.key, RegularFile.isExposed(key),
            state.withLock({ $0.exposedKeys.insert(key).inserted })
        else { return }
        logger.warning("\(key) (tls-key-file) may be read by others than its owner: chmod 600")
    }

    // MARK: Status

    package struct Status: Sendable {
        /// When the certificate expires, in seconds since 1970.
        package let expiresAt: Int
        /// How many loads have failed.
        package let failures: Int
        /// Whether the last one did.
        package let hasFailed: Bool
        /// What somebody has to look after.
        package let warnings: [String]
    }

    package func status(now: Int = ServerTLS.unixTime()) -> Status {
        let state = state.withLock { $0 }
        let failure = state.failure.map { "the TLS certificate could not be reloaded, and the old one stays: \($0)" }
        return Status(
            expiresAt: state.current.expiresAt, failures: state.failures, hasFailed: failure != nil,
            warnings: [failure, Self.trouble(state.current, at: now)].compactMap { $0 })
    }

    private static func trouble(_ loaded: LoadedTLS, at now: Int) -> String? {
        let certificate = "the certificate in \(loaded.configuration.certificate ?? "") (tls-cert-file)"
        if now > loaded.expiresAt {
            return "\(certificate) expired at \(text(loaded.expiresAt)): clients refuse it. Renew it"
        }
        guard now < loaded.validFrom else { return nil }
        return "\(certificate) is valid only from \(text(loaded.validFrom)): clients refuse it. Is the clock right?"
    }

    package static func unixTime() -> Int { Int(Date().timeIntervalSince1970) }

    private static func text(_ seconds: Int) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
    }
}
