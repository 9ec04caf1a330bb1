#if os(Linux)
    import Foundation
    import NIOSSL

    /// The certificate of the servers that are measured over TLS, made for one measurement: ECDSA, as most are today.
    struct BenchEncryption: Sendable {
        let certificate: String
        let key: String

        init(in directory: String) throws {
            (certificate, key) = ("\(directory)/server.pem", "\(directory)/server.key")
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out",
                certificate,
            ]
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw LoadFailure(message: "openssl makes no certificate: apt-get install openssl")
            }
        }

        /// The settings of a TLS port, which ours and Redis share.
        func arguments(port: Int) -> [String] {
            [
                "--tls-port", "\(port)", "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients",
                "no", "--tls-protocols", "TLSv1.3",
            ]
        }

        /// Of a client that trusts the certificate alone and speaks TLS 1.3.
        func clientContext() throws -> NIOSSLContext {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .file(certificate)
            configuration.minimumTLSVersion = .tlsv13
            return try NIOSSLContext(configuration: configuration)
        }
    }
#endif
