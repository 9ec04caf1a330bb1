import Files
import Foundation
import NIOSSL

/// The files that a configuration names, read and parsed.
struct TLSFiles {
    /// The server's certificate first.
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey
    /// Of clients.
    let authorities: [NIOSSLCertificate]

    /// A bundle of all public authorities has a quarter of it.
    private static let maximumBytes = 1 << 20
    private static let maximumFolderFiles = 1000

    init(_ configuration: ServerTLSConfiguration) throws(TLSError) {
        guard let certificate = configuration.certificate else {
            throw TLSError("TLS needs a certificate: set tls-cert-file")
        }
        guard let key = configuration.key else { throw TLSError("TLS needs the certificate's key: set tls-key-file") }
        chain = try Self.certificates(certificate, "tls-cert-file")
        self.key = try Self.key(key, configuration.keyPassword)
        var authorities: [NIOSSLCertificate] = []
        if let file = configuration.authorities { authorities += try Self.certificates(file, "tls-ca-cert-file") }
        if let folder = configuration.authorityFolder { authorities += try Self.certificates(inFolder: folder) }
        guard !authorities.isEmpty || configuration.clientCertificates == .no else {
            throw TLSError(
                "clients' certificates cannot be verified without authorities: set tls-ca-cert-file, or "
                    + "tls-auth-clients no")
        }
        self.authorities = authorities
    }

    private static func certificates(_ path: String, _ setting: String) throws(TLSError) -> [NIOSSLCertificate] {
        let bytes = try read(path, setting)
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(bytes), !certificates.isEmpty else {
            throw TLSError("\(path) (\(setting)) holds no certificate in PEM, or a damaged one")
        }
        return certificates
    }

    /// Only files that OpenSSL would look up: `9d66eef0.0`.
    private static func certificates(inFolder path: String) throws(TLSError) -> [NIOSSLCertificate] {
        let setting = "tls-ca-cert-dir"
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw TLSError("\(path) (\(setting)) is no folder that can be read")
        }
        let hashed = names.filter { $0.wholeMatch(of: /[0-9a-f]{8}\.[0-9]+/) != nil }.sorted()
        guard !hashed.isEmpty, hashed.count <= maximumFolderFiles else {
            throw TLSError(
                "\(path) (\(setting)) holds \(hashed.count) certificates under names such as 9d66eef0.0, and has to hold 1 "
                    + "to \(maximumFolderFiles): run openssl rehash there")
        }
        var certificates: [NIOSSLCertificate] = []
        for name in hashed { certificates += try Self.certificates("\(path)/\(name)", setting) }
        return certificates
    }

    private static func key(_ path: String, _ password: String?) throws(TLSError) -> NIOSSLPrivateKey {
        let bytes = try read(path, "tls-key-file")
        let password = Array((password ?? "").utf8)
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem) { $0(password) }
        } catch {
            throw TLSError(
                "\(path) (tls-key-file) holds no private key in PEM, or one that tls-key-file-pass does not decrypt")
        }
    }

    private static func read(_ path: String, _ setting: String) throws(TLSError) -> [UInt8] {
        do throws(RegularFileError) {
            return Array(try RegularFile.read(path, maximumBytes: maximumBytes))
        } catch {
            throw TLSError("cannot read \(path) (\(setting)): \(error.message)")
        }
    }
}
