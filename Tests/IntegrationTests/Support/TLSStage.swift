import Foundation
import RevokedServer
import TLS
import TestSupport
import Testing

/// Certificates, and a client in Python that uses them: its `ssl` shows every step of TLS.
struct TLSStage {
    let certificates: TestCertificates

    init() throws { certificates = try TestCertificates() }

    /// The settings of a TLS port.
    func configure(
        _ configuration: inout ServerConfiguration,
        clients: ServerTLSConfiguration.ClientCertificates = .yes
    ) {
        configuration.tlsPort = 0
        configuration.tls.certificate = certificates.file("server.pem")
        configuration.tls.key = certificates.file("server.key")
        configuration.tls.authorities = certificates.file("ca.pem")
        configuration.tls.clientCertificates = clients
    }

    /// The same for the command line.
    func arguments(clients: String = "yes") throws -> [String] {
        [
            "--tls-port", "\(try freePort())", "--tls-cert-file", certificates.file("server.pem"), "--tls-key-file",
            certificates.file("server.key"), "--tls-ca-cert-file", certificates.file("ca.pem"), "--tls-auth-clients",
            clients,
        ]
    }

    /// Runs a script to its end, which has to be a good one.
    /// - Returns: what it wrote.
    @discardableResult
    func run(_ script: String, port: Int, _ arguments: String..., within seconds: TimeInterval = 60) throws -> String {
        let ended = try start(script, port: port, arguments).waitForEnd(within: seconds)
        #expect(ended.status == 0, "\(ended.output)")
        return ended.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func start(_ script: String, port: Int, _ arguments: [String] = []) throws -> TestProcess {
        let python = try TestProcess.find("python3", package: "python3 python3-redis")
        return try TestProcess(
            python, ["-u", "-c", Self.prelude + script, "\(port)", certificates.path] + arguments)
    }

    /// `connect` makes a connection, `ask` sends commands and compares the replies.
    private static let prelude = """
        import os, socket, ssl, sys, threading, time
        port, folder = int(sys.argv[1]), sys.argv[2]

        def context(cert="client", version=None, ca="ca"):
            made = ssl.create_default_context(cafile=f"{folder}/{ca}.pem")
            if cert: made.load_cert_chain(f"{folder}/{cert}.pem", f"{folder}/{cert}.key")
            if version: made.minimum_version = made.maximum_version = version
            return made

        def plain():
            made = socket.create_connection(("127.0.0.1", port), 20)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return made

        def connect(cert="client", version=None, session=None, ca="ca"):
            return context(cert, version, ca).wrap_socket(plain(), server_hostname="localhost", session=session)

        def command(*words):
            parts = [str(word).encode() for word in words]
            return b"*%d\\r\\n" % len(parts) + b"".join(b"$%d\\r\\n%s\\r\\n" % (len(part), part) for part in parts)

        def read(made, size):
            got = b""
            while len(got) < size:
                more = made.recv(min(65536, size - len(got)))
                if not more: raise SystemExit(f"the end after {got[-200:]}")
                got += more
            return got

        def ask(made, request, reply):
            made.sendall(request)
            got = read(made, len(reply))
            if got != reply: raise SystemExit(f"{got[:200]} instead of {reply[:200]}")

        def rest(made):
            got = b""
            try:
                while more := made.recv(65536): got += more
            except (ConnectionResetError, ssl.SSLError, BrokenPipeError): pass
            return got

        """
}

extension LocalDaemon {
    var tlsPort: Int {
        for case .tls(_, let port) in endpoints { return port }
        return 0
    }
}
