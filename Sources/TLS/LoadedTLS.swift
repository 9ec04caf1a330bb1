import NIOCore
package import NIOSSL

/// A server's certificate with its key and rules, read and checked: what new connections begin with.
package struct LoadedTLS: Sendable {
    package let configuration: ServerTLSConfiguration
    package let context: NIOSSLContext
    /// The same for ports where no client shows a certificate.
    let contextForAnyone: NIOSSLContext
    /// When the certificate begins to be valid, and when it expires, in seconds since 1970.
    package let validFrom: Int
    package let expiresAt: Int
    private let authorities: [NIOSSLCertificate]

    /// - Throws: ``TLSError`` for a file that is missing or damaged, and for a key of another certificate.
    package init(_ configuration: ServerTLSConfiguration) throws(TLSError) {
        let files = try TLSFiles(configuration)
        var settings = TLSConfiguration.makeServerConfiguration(
            certificateChain: files.chain.map { .certificate($0) }, privateKey: .privateKey(files.key))
        settings.minimumTLSVersion = configuration.protocols == .version13 ? .tlsv13 : .tlsv12
        settings.maximumTLSVersion = configuration.protocols == .version12 ? .tlsv12 : .tlsv13
        settings.certificateVerification =
            switch configuration.clientCertificates {
            case .no: .none
            case .optional: .optionalVerification
            case .yes: .noHostnameVerification
            }
        settings.trustRoots = .certificates(files.authorities)
        // A peer that does not end its side of TLS, too, is not waited for any longer.
        settings.shutdownTimeout = .seconds(1)
        do {
            context = try NIOSSLContext(configuration: settings)
            settings.certificateVerification = .none
            contextForAnyone = try NIOSSLContext(configuration: settings)
        } catch {
            throw TLSError(
                "the key in \(configuration.key ?? "") (tls-key-file) is not that of the certificate in "
                    + "\(configuration.certificate ?? "") (tls-cert-file), whose first certificate has to be the server's"
            )
        }
        validFrom = Int(files.chain[0].notValidBefore)
        expiresAt = Int(files.chain[0].notValidAfter)
        self.configuration = configuration
        authorities = files.authorities
    }

    /// Whether the same clients are admitted, as the same users.
    func trustsTheSame(as other: LoadedTLS) -> Bool {
        configuration.clientCertificates == other.configuration.clientCertificates
            && configuration.certificateUser == other.configuration.certificateUser
            && configuration.protocols == other.configuration.protocols && authorities == other.authorities
    }
}
