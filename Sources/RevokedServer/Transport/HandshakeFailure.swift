import NIOSSL

/// Why a client's TLS handshake failed, for the log.
enum HandshakeFailure: String, CaseIterable {
    case notTLS = "it does not speak TLS: this port is for TLS alone, so begin its URL with rediss://"
    case noCertificate = "it showed no certificate, which tls-auth-clients yes asks for"
    case unknownCertificate = "its certificate has expired, or none of tls-ca-cert-file has signed it"
    case refusedCertificate = "it refuses the certificate of tls-cert-file: it has to know its authority, and the name"
    case otherVersion = "it speaks none of tls-protocols, or no cipher of them"
    case outdated = "whose certificates are trusted was changed during it"
    case tooLong = "it sent more than a handshake has"
    case ended = "it ended the connection before the handshake was complete"
    case other = "what it sent is no handshake"

    init(_ error: any Error) {
        guard !(error is HandshakeTooLong) else {
            self = .tooLong
            return
        }
        let text = String(describing: error)
        self = Self.allCases.first { $0.words.contains { text.contains($0) } } ?? .other
    }

    /// What BoringSSL calls it.
    private var words: [String] {
        switch self {
        case .notTLS: ["WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "UNEXPECTED_RECORD"]
        case .noCertificate: ["PEER_DID_NOT_RETURN_A_CERTIFICATE"]
        case .unknownCertificate: ["CERTIFICATE_VERIFY_FAILED"]
        case .refusedCertificate: ["ALERT_UNKNOWN_CA", "ALERT_BAD_CERTIFICATE", "ALERT_CERTIFICATE_"]
        case .otherVersion: ["UNSUPPORTED_PROTOCOL", "NO_SHARED_CIPHER", "NO_SHARED_GROUP", "ALERT_PROTOCOL_VERSION"]
        case .ended: ["EOF during handshake"]
        case .tooLong, .outdated, .other: []
        }
    }
}
