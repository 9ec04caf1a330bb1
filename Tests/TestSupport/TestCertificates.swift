import Foundation

/// Certificates made by openssl at run time, in a folder of their own: `<name>.pem` and `<name>.key`.
package final class TestCertificates: Sendable {
    private let folder = try! TemporaryFolder()
    package var path: String { folder.path }

    /// Makes the authorities `ca` and `other-ca`, and of `ca` the certificates `server`, for 127.0.0.1 and localhost,
    /// and `client`.
    package init() throws {
        for authority in ["ca", "other-ca"] {
            try openssl(
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=\(authority)", "-keyout", "\(authority).key", "-out", "\(authority).pem")
        }
        try sign("server", names: "IP:127.0.0.1,DNS:localhost")
        try sign("client", names: "DNS:client")
    }

    package func file(_ name: String) -> String { folder.file(name) }

    /// Makes a certificate, or replaces it.
    /// - Parameter days: a negative number for one that has expired.
    package func sign(
        _ name: String, names: String, by authority: String = "ca", subject: String? = nil, days: Int = 2
    ) throws {
        try "subjectAltName=\(names)\n".write(toFile: file("\(name).ext"), atomically: true, encoding: .utf8)
        try openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            subject ?? "/CN=\(name)", "-keyout", "\(name).key", "-out", "\(name).csr")
        try openssl(
            "x509", "-req", "-in", "\(name).csr", "-CA", "\(authority).pem", "-CAkey", "\(authority).key",
            "-CAcreateserial", "-days", "\(days)", "-extfile", "\(name).ext", "-out", "\(name).pem")
    }

    /// Runs openssl in the folder.
    package func openssl(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: path)
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        do { try process.run() } catch { throw TestCertificatesError("openssl is missing: apt-get install openssl") }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TestCertificatesError("openssl \(arguments.joined(separator: " ")) failed")
        }
    }
}

package struct TestCertificatesError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
