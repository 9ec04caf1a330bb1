import NIOCore
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How TLS is spoken with a store. The query of a `rediss` URL says the same, with percent-encoded values: `ca`,
/// `cert`, `key` and `servername`.
public struct StoreTLSConfiguration: Sendable, Hashable {
    /// The path of a file of certificates in PEM to trust instead of the system's: `ca`.
    public var authorities: String?
    /// The path of our own certificate with its chain, in PEM: `cert`.
    public var certificate: String?
    /// The path of its key, in PEM: `key`.
    public var key: String?
    /// The name that the store's certificate must have, instead of the URL's host: `servername`.
    public var serverName: String?

    public init(
        authorities: String? = nil, certificate: String? = nil, key: String? = nil, serverName: String? = nil
    ) {
        self.authorities = authorities
        self.certificate = certificate
        self.key = key
        self.serverName = serverName
    }

    /// - Throws: ``RevocationError/Code/invalidConfiguration`` if a file cannot be used.
    func context() throws(RevocationError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        // The connection that follows waits for the end of this one, which a store that is cut off never confirms.
        configuration.shutdownTimeout = .milliseconds(100)
        if let authorities { configuration.trustRoots = .certificates(try Self.certificates(authorities)) }
        if let certificate, let key {
            configuration.certificateChain = try Self.certificates(certificate).map { .certificate($0) }
            configuration.privateKey = .privateKey(
                try Self.load(key, "private key that needs no passphrase") {
                    try NIOSSLPrivateKey(file: $0, format: .pem)
                })
        }
        do { return try NIOSSLContext(configuration: configuration) } catch {
            // Both have been parsed: what is left is that they do not fit.
            guard let key, let certificate else {
                throw RevocationError(.invalidConfiguration, "the files for TLS cannot be used", cause: error)
            }
            throw RevocationError(
                .invalidConfiguration, "the private key in \(key) does not belong to the certificate in \(certificate)")
        }
    }

    private static func certificates(_ path: String) throws(RevocationError) -> [NIOSSLCertificate] {
        try load(path, "certificate") { try NIOSSLCertificate.fromPEMFile($0) }
    }

    private static func load<Value>(
        _ path: String, _ what: String, with read: (String) throws -> Value
    ) throws(RevocationError) -> Value {
        guard access(path, R_OK) == 0 else {
            throw RevocationError(
                .invalidConfiguration, "the file for TLS \(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        do { return try read(path) } catch {
            throw RevocationError(.invalidConfiguration, "\(path) holds no \(what) in PEM", cause: error)
        }
    }
}
