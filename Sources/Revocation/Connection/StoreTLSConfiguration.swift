import NIOCore
import NIOSSL

/// How TLS is spoken with a store: the query of a `rediss` URL, whose values are percent-encoded.
///
/// - `ca`: a file of certificates in PEM to trust instead of the system's
/// - `cert`, `key`: our own certificate, with its chain, and its key, in PEM
/// - `servername`: the name that the store's certificate must have, instead of the URL's host
struct StoreTLSConfiguration: Sendable, Equatable {
    var authorities: String?
    var certificate: String?
    var key: String?
    var serverName: String?

    /// - Throws: ``RevocationError/Code/invalidConfiguration`` if a file cannot be read.
    func context() throws(RevocationError) -> NIOSSLContext {
        do {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            if let authorities {
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authorities))
            }
            if let certificate, let key {
                configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
                configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            }
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw RevocationError(.invalidConfiguration, "the files for TLS cannot be used", cause: error)
        }
    }
}

/// The TLS context that all connections to a store share.
struct StoreEncryption: Sendable {
    private let context: NIOSSLContext
    private let serverName: String?

    /// - Returns: nil without TLS.
    /// - Throws: ``RevocationError/Code/invalidConfiguration`` if a file cannot be read.
    init?(_ access: StoreURL.Access) throws(RevocationError) {
        guard let settings = access.tls else { return nil }
        context = try settings.context()
        serverName = settings.serverName
    }

    /// Verifies the certificate against `servername` or the host; an address against those in the certificate.
    func handler(for location: StoreURL.Location) throws -> NIOSSLClientHandler {
        guard case .tcp(let host, _) = location else {
            return try NIOSSLClientHandler(context: context, serverHostname: serverName)
        }
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: serverName ?? (isAddress ? nil : host))
    }
}
