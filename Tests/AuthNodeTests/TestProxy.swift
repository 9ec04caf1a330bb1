import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import TestSupport
import Testing

/// A real proxy from Debian with its documented configuration, but for the ports.
struct TestProxy {
    enum Kind: String, CaseIterable {
        case nginx = "/usr/sbin/nginx"
        case caddy = "/usr/bin/caddy"
        case haproxy = "/usr/sbin/haproxy"
        case apache = "/usr/sbin/apache2"

        /// In `docker/forward-auth`.
        fileprivate var files: [String] {
            switch self {
            case .nginx: ["nginx.conf"]
            case .caddy: ["Caddyfile"]
            case .haproxy: ["haproxy.cfg", "auth.lua"]
            case .apache: ["apache.conf"]
            }
        }

        /// Whether it asks by RFC 7662, over TLS. Its module does not tell an outage from a bad token.
        var introspects: Bool { self == .apache }
        var statusInOutage: Int { introspects ? 401 : 503 }
    }

    /// Where it finds the others.
    struct Upstreams {
        var node: Int
        var application: Int
        /// Of the client `gateway`.
        var secret = "secret"
    }

    struct Answer: Sendable {
        let status: Int
        let body: String
        let retryAfter: String?
        let challenge: String?
    }

    typealias Ask = @Sendable ([String: String]) async throws -> Answer

    static func running<Value>(
        _ kind: Kind, _ upstreams: Upstreams, _ body: (@escaping Ask) async throws -> Value
    ) async throws -> Value {
        try #require(
            FileManager.default.isExecutableFile(atPath: kind.rawValue),
            "install the proxies: apt-get install nginx caddy haproxy apache2-bin libapache2-mod-auth-openidc")
        let directory = try TemporaryFolder()
        let port = try freePort()
        let process = try start(kind, in: directory, port: port, upstreams)
        defer { kill(process.processIdentifier, SIGKILL) }
        let ask: Ask = { headers in try await Self.ask(port, headers) }
        let end = ContinuousClock.now + .seconds(20)
        while (try? await ask([:])) == nil {
            try #require(process.isRunning && ContinuousClock.now < end, "the proxy does not answer")
            try await Task.sleep(for: .milliseconds(20))
        }
        return try await body(ask)
    }

    private static func start(
        _ kind: Kind, in directory: TemporaryFolder, port: Int, _ upstreams: Upstreams
    ) throws -> Process {
        let node = kind.introspects ? "8443" : "8080"
        for name in kind.files {
            var text = try String(contentsOfFile: "\(root)/docker/forward-auth/\(name)", encoding: .utf8)
            for (documented, port) in ["8000": port, node: upstreams.node, "9000": upstreams.application] {
                // Of HAProxy's two files each holds some.
                try #require(kind == .haproxy || text.contains("127.0.0.1:\(documented)"))
                text = text.replacing("127.0.0.1:\(documented)", with: "127.0.0.1:\(port)")
            }
            text = text.replacing("ClientSecret SECRET", with: "ClientSecret \(upstreams.secret)")
            text = surrounded(text, kind, directory)
            try Data(text.utf8).write(to: URL(filePath: directory.file(name)))
        }
        let process = Process()
        process.executableURL = URL(filePath: kind.rawValue)
        process.currentDirectoryURL = URL(filePath: directory.path)
        let file = directory.file(kind.files[0])
        process.arguments =
            switch kind {
            case .nginx: ["-e", directory.file("error.log"), "-p", directory.path, "-c", file]
            case .caddy: ["run", "--adapter", "caddyfile", "--config", file]
            case .haproxy: ["-db", "-f", file]
            case .apache: ["-X", "-f", file]
            }
        if kind == .caddy { process.environment = ["HOME": directory.path] }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// What a file needs around it to run in this folder, in the foreground.
    private static func surrounded(_ text: String, _ kind: Kind, _ directory: TemporaryFolder) -> String {
        switch kind {
        case .nginx:
            let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
                "\($0)_temp_path \(directory.path)/\($0);"
            }
            return """
                daemon off; master_process off; pid \(directory.path)/pid; error_log \(directory.path)/error.log;
                events {}
                http { access_log off; \(paths.joined(separator: " "))
                \(text)
                }
                """
        case .caddy: return "{\n\tadmin off\n\tauto_https off\n}\n" + text
        case .haproxy: return text
        case .apache:
            let modules = [
                "mpm_event", "authn_core", "authz_core", "authz_host", "authz_user", "auth_openidc", "proxy",
                "proxy_http", "headers", "setenvif",
            ].map { "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so" }
            return """
                ServerRoot \(directory.path)
                DefaultRuntimeDir \(directory.path)
                PidFile \(directory.path)/pid
                ErrorLog \(directory.path)/error.log
                ServerName localhost
                \(modules.joined(separator: "\n"))
                User www-data
                Group www-data
                OIDCOAuthSSLValidateServer Off
                \(text)
                """
        }
    }

    private static func ask(_ port: Int, _ headers: [String: String]) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/orders")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        return Answer(
            status: Int(response.status.code), body: String(buffer: try await response.body.collect(upTo: 1 << 16)),
            retryAfter: response.headers.first(name: "Retry-After"),
            challenge: response.headers.first(name: "WWW-Authenticate"))
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
}
