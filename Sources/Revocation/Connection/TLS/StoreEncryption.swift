import Dispatch
import Logging
import NIOCore
import NIOSSL
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The TLS of all connections to a store. Its files may be replaced: connections that are made later have the new ones.
final class StoreEncryption: Sendable {
    private struct State {
        var context: NIOSSLContext
        var versions: [FileVersion?]
        /// What the log was told last.
        var complaint: String?
    }

    /// How long a connection waits for the files.
    private static let patience = TimeAmount.seconds(1)

    private let configuration: StoreTLSConfiguration
    private let logger: Logger
    private let state: Mutex<State>
    /// Reads the files, which no event loop waits for.
    private let queue = DispatchQueue(label: "revoked.store-tls")

    /// Whether we have a certificate of our own.
    var showsCertificate: Bool { configuration.certificate != nil }

    /// - Returns: nil without TLS.
    /// - Throws: ``RevocationError/Code/invalidConfiguration`` if a file cannot be used.
    init?(_ access: StoreURL.Access, logger: Logger) throws(RevocationError) {
        guard let configuration = access.tls else { return nil }
        self.configuration = configuration
        self.logger = logger
        let versions = configuration.files.map(FileVersion.init(of:))
        state = Mutex(State(context: try configuration.context(), versions: versions))
    }

    /// What a connection begins with that is made now: the files as they are, if they can be read in time and used.
    func context(on loop: any EventLoop) -> EventLoopFuture<NIOSSLContext> {
        guard !configuration.files.isEmpty else { return loop.makeSucceededFuture(state.withLock { $0.context }) }
        // The first to complete it counts.
        let promise = loop.makePromise(of: NIOSSLContext.self)
        let timeout = loop.scheduleTask(in: Self.patience) { [self] in promise.succeed(state.withLock { $0.context }) }
        queue.async { [self] in
            refresh()
            timeout.cancel()
            promise.succeed(state.withLock { $0.context })
        }
        return promise.futureResult
    }

    func reload() async {
        await withCheckedContinuation { ended in
            queue.async { [self] in
                refresh()
                ended.resume()
            }
        }
    }

    /// Reads the files if they are others. What was there stays if they cannot be used: one of two may have been
    /// written, and the other not yet. The next connection tries again.
    private func refresh() {
        let versions = configuration.files.map(FileVersion.init(of:))
        guard versions != state.withLock({ $0.versions }) else { return }
        do throws(RevocationError) {
            let context = try configuration.context()
            state.withLock { $0 = State(context: context, versions: versions) }
            logger.info("read the files for TLS with the store anew")
        } catch {
            guard
                state.withLock({ state in
                    defer { state.complaint = error.message }
                    return state.complaint != error.message
                })
            else { return }
            logger.warning("the files for TLS with the store cannot be used, and the old ones stay: \(error.message)")
        }
    }

    // MARK: The store's certificate

    /// Verifies the certificate against `servername` or the host; an address against those in the certificate.
    func handler(_ context: NIOSSLContext, for location: StoreURL.Location) throws -> NIOSSLClientHandler {
        guard let name = expectedName(of: location) else {
            return try NIOSSLClientHandler(context: context, serverHostname: nil)
        }
        return try NIOSSLClientHandler._makeSSLClientHandler(context: context, serverHostname: name) {
            certificate, channel in
            guard certificate.isOf(name) else {
                return channel.eventLoop.makeFailedFuture(NIOSSLExtraError.failedToValidateHostname)
            }
            return channel.eventLoop.makeSucceededVoidFuture()
        }
    }

    private func expectedName(of location: StoreURL.Location) -> String? {
        if let name = configuration.serverName { return name }
        guard case .tcp(let host, _) = location else { return nil }
        return (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
    }
}

/// Which version of a file there is: it changes when the file is written or replaced.
private struct FileVersion: Equatable {
    private let file: [UInt64]
    private let changed: [Int]

    /// - Returns: nil for a file that cannot be looked at.
    init?(of path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        file = [UInt64(status.st_dev), UInt64(status.st_ino), UInt64(status.st_size)]
        #if canImport(Darwin)
            changed = [status.st_mtimespec.tv_sec, status.st_mtimespec.tv_nsec]
        #else
            changed = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
        #endif
    }
}

extension StoreTLSConfiguration {
    fileprivate var files: [String] { [authorities, certificate, key].compactMap { $0 } }
}

extension NIOSSLCertificate {
    /// Whether one of its DNS names is this one. NIOSSL has verified that this name, or the address that was connected
    /// to, is in it; but who asks for a name does not mean the address.
    fileprivate func isOf(_ name: String) -> Bool {
        let name = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        let wanted = name.last == "" ? name.dropLast() : name[...]
        var hasNames = false
        for alternative in _subjectAlternativeNames() {
            hasNames = true
            guard alternative.nameType == .dnsName else { continue }
            let own = String(decoding: alternative.contents, as: UTF8.self).lowercased().split(
                separator: ".", omittingEmptySubsequences: false)
            if own[...] == wanted || own.first == "*" && own.count > 2 && own.dropFirst() == wanted.dropFirst() {
                return true
            }
        }
        // Without any, its common name was compared.
        return !hasNames
    }
}
