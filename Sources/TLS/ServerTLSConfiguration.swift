/// How a server speaks TLS: its files, in PEM, and what it asks of clients. Names and meanings are those of Redis.
package struct ServerTLSConfiguration: Sendable, Equatable {
    /// `tls-cert-file`: the server's certificate, with its chain behind it.
    package var certificate: String?
    /// `tls-key-file`
    package var key: String?
    /// `tls-key-file-pass`
    package var keyPassword: String?
    /// `tls-ca-cert-file`: the authorities that sign clients' certificates.
    package var authorities: String?
    /// `tls-ca-cert-dir`: a folder of them, named by `openssl rehash`.
    package var authorityFolder: String?
    /// `tls-auth-clients`
    package var clientCertificates: ClientCertificates
    /// `tls-auth-clients-user`: whether a certificate says who its client is.
    package var certificateUser = CertificateUser.off
    /// `tls-protocols`
    package var protocols = TLSProtocols.default

    package init(clientCertificates: ClientCertificates) { self.clientCertificates = clientCertificates }

    /// Whether clients show a certificate.
    package enum ClientCertificates: String, Sendable, CaseIterable {
        case yes, no, optional
    }
}

/// What of a client's certificate is the name of its user.
package enum CertificateUser: String, Sendable, CaseIterable, CustomStringConvertible {
    case off
    case commonName = "CN"

    /// Reads it as Redis does, in any case.
    package init?(_ text: String) {
        guard let value = Self.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else {
            return nil
        }
        self = value
    }

    package var description: String { rawValue }
}

/// The versions of TLS that a server speaks. Older ones are broken, and refused.
package enum TLSProtocols: String, Sendable, CaseIterable, CustomStringConvertible {
    case `default` = "TLSv1.2 TLSv1.3"
    case version12 = "TLSv1.2"
    case version13 = "TLSv1.3"

    /// Reads a list as Redis does: names in any case and order, separated by spaces; an empty one is the default.
    package init?(_ text: String) {
        let names = Set(text.lowercased().split(separator: " "))
        switch names {
        case [], ["tlsv1.2", "tlsv1.3"]: self = .default
        case ["tlsv1.2"]: self = .version12
        case ["tlsv1.3"]: self = .version13
        default: return nil
        }
    }

    package var description: String { rawValue }
}

/// Why TLS cannot be set up; the message names the file and the setting, and says what to do.
package struct TLSError: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
