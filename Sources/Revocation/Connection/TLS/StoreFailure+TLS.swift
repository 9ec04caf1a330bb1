import NIOCore
import NIOSSL

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension StoreFailure {
    static let broken = StoreFailure(.unreachable, "the connection to the store broke")

    /// Why TLS failed, and what to do about it.
    /// - Parameter error: what NIOSSL reported.
    /// - Parameter certificate: the store's, if it was received.
    /// - Parameter showsOwn: whether we have a certificate of our own.
    init(ofTLS error: any Error, certificate: NIOSSLCertificate?, showsOwn: Bool = false, now: Date = Date()) {
        if let error = error as? NIOSSLExtraError,
            error == .failedToValidateHostname || error == .serverHostnameImpossibleToMatch
        {
            self = Self.tls(.otherName)
            return
        }
        let text = String(describing: error)
        guard var trouble = TLSTrouble.allCases.first(where: { $0.words.contains { text.contains($0) } }) else {
            self = .broken
            return
        }
        // Both are answered alike, with no more than that the handshake failed.
        if trouble == .noCertificate, showsOwn { trouble = .noCommonCipher }
        guard trouble == .unknownAuthority, let certificate else {
            self = Self.tls(trouble)
            return
        }
        let seconds = Int(now.timeIntervalSince1970)
        if certificate.notValidAfter < seconds {
            self = Self.tls(.expired)
        } else {
            self = Self.tls(certificate.notValidBefore > seconds ? .notYetValid : .unknownAuthority)
        }
    }

    /// A TLS handshake that was not answered.
    static let silentHandshake = StoreFailure(.timedOut, TLSTrouble.interrupted.rawValue)

    private static func tls(_ trouble: TLSTrouble) -> StoreFailure { StoreFailure(.unreachable, trouble.rawValue) }

    /// Whether bytes received in place of a reply begin like a TLS record: an alert or a handshake.
    static func isTLSRecord(_ bytes: ByteBuffer) -> Bool {
        let view = bytes.readableBytesView
        return view.count > 1 && (view.first == 0x15 || view.first == 0x16) && view.dropFirst().first == 0x03
    }

    static let tlsExpected = StoreFailure(
        .unreachable, "the store speaks TLS on this port: begin the URL with rediss:// instead of redis://")

    static let closedUnheard = StoreFailure(
        .unreachable,
        """
        the store closed the connection before it answered anything: if this port is for TLS, begin the URL with \
        rediss://; otherwise look into the store's log
        """)
}

/// What may be wrong, in the order in which it is looked for: what the store says before what we make of it.
private enum TLSTrouble: String, CaseIterable {
    case noCertificate = """
        the store wants a certificate of this client: add cert=FILE&key=FILE to the URL
        """
    case refusedCertificate = """
        the store refuses this client's certificate (cert=FILE): it must be valid today, and signed by an authority that \
        the store trusts (its setting tls-ca-cert-file)
        """
    case noCommonCipher = """
        the store and this client have no cipher in common, or the store's certificate is of another kind: allow ECDHE \
        with AES-GCM or ChaCha20 there (its settings tls-ciphers and tls-ciphersuites)
        """
    case oldVersion = """
        the store speaks no TLS of version 1.2 or later: allow TLSv1.2 or TLSv1.3 there (its setting tls-protocols)
        """
    case notTLS = """
        the store does not speak TLS on this port: name its TLS port, or begin the URL with redis:// instead of rediss://
        """
    case unknownAuthority = """
        the store's certificate is signed by no authority that is trusted here: name its authority's file with ca=FILE in \
        the URL
        """
    case interrupted = """
        the store did not go on with the TLS handshake: this port may be the plain one; then name its TLS port, or begin the \
        URL with redis:// instead of rediss://
        """
    case otherName = """
        the store's certificate is for another name: name the host in the URL as the certificate does, or add \
        servername=NAME
        """
    case expired = "the store's certificate has expired: renew it, or set this machine's clock right"
    case notYetValid = "the store's certificate is not valid yet: set this machine's clock right"

    /// What BoringSSL calls it.
    var words: [String] {
        switch self {
        case .noCertificate: ["CERTIFICATE_REQUIRED", "ALERT_HANDSHAKE_FAILURE"]
        case .refusedCertificate:
            [
                "ALERT_UNKNOWN_CA", "ALERT_BAD_CERTIFICATE", "ALERT_CERTIFICATE_", "ALERT_UNSUPPORTED_CERTIFICATE",
                "ALERT_ACCESS_DENIED", "ALERT_DECRYPT_ERROR",
            ]
        case .noCommonCipher: ["NO_CIPHER", "WRONG_CIPHER_RETURNED"]
        case .oldVersion: ["ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL"]
        case .notTLS: ["WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNEXPECTED_RECORD", "UNKNOWN_PROTOCOL"]
        case .unknownAuthority: ["CERTIFICATE_VERIFY_FAILED"]
        case .interrupted: ["EOF during handshake", "uncleanShutdown"]
        case .otherName, .expired, .notYetValid: []
        }
    }
}
