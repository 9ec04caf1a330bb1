#if os(Linux)
    import Foundation
    import Processes

    /// A server that runs and can be measured.
    struct BenchServer: Sendable {
        let kind: ServerKind
        let version: String
        let port: Int
        let process: ChildProcess
        let dialect: Dialect
        /// Where the generator connects to measure TLS; nil in plain text.
        var tunnel: TLSTunnel?

        /// A log on disk: where, and Redis' `appendfsync`.
        struct Log: Sendable {
            var directory: String
            var policy: String
        }

        /// Starts one, empty, without persistence unless `log` says otherwise, with one thread for requests, on a free
        /// port of 127.0.0.1.
        /// - Parameters:
        ///   - encryption: for a server that is measured over TLS. It has a plain port besides.
        ///   - port: of a daemon that is started again; nil is a free one.
        ///   - settings: more of the command line.
        static func start(
            _ kind: ServerKind, on stage: BenchStage, log: Log? = nil, encryption: BenchEncryption? = nil,
            port: Int? = nil, _ settings: [String] = []
        ) async throws -> BenchServer {
            let tlsPort = try LoopbackSocket.freePort()
            let arguments = (encryption?.arguments(port: tlsPort) ?? []) + settings
            var server =
                switch kind {
                case .revoked: try await startOurs(on: stage, log, port: port, arguments)
                case .echo: preconditionFailure("the echo server is started with its reply")
                case .redis, .valkey: try await startRedis(kind, on: stage, log, arguments)
                case .memcached: try await startMemcached(on: stage)
                }
            if let encryption { server.tunnel = try await TLSTunnel(to: tlsPort, encryption.clientContext()) }
            return server
        }

        /// Starts the echo server.
        /// - Parameter reply: what it answers to every request.
        static func startEcho(reply: [UInt8], on stage: BenchStage) async throws -> BenchServer {
            let process = try stage.start(.echo, ["echo", "--reply", String(decoding: reply, as: UTF8.self)])
            let port = try await announcedPort(process)
            return BenchServer(
                kind: .echo, version: "1", port: port, process: process, dialect: .redis(epoch: echoEpoch))
        }

        /// As long as a real one.
        static let echoEpoch = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)).uuidString

        /// The memory that the server says its entries take, in bytes.
        func usedMemory() throws -> Int {
            guard let used = Self.field("used_memory", of: try ControlConnection(port: port).call("INFO", "memory")),
                let bytes = Int(used)
            else { throw LoadFailure(message: "\(kind.rawValue) does not say how much memory it uses") }
            return bytes
        }

        /// How many entries the server holds, expired ones whose room is not reclaimed yet included.
        func entryCount() throws -> Int {
            guard let count = try ControlConnection(port: port).call("DBSIZE").flatMap({ Int($0) }) else {
                throw LoadFailure(message: "\(kind.rawValue) does not say how many entries it holds")
            }
            return count
        }

        private static func startOurs(
            on stage: BenchStage, _ log: Log?, port: Int?, _ more: [String]
        ) async throws -> BenchServer {
            let port = try port ?? LoopbackSocket.freePort()
            let process = try stage.start(
                .revoked,
                [
                    "serve", "--port", "\(port)", "--threads", "1", "--loglevel", "warning",
                    "--appendonly", log == nil ? "no" : "yes", "--appendfsync", log?.policy ?? "always",
                    "--dir", log?.directory ?? "\(stage.directory)/revoked-\(UUID().uuidString.lowercased())",
                ] + more)
            _ = try await announcedPort(process)
            _ = try await process.line(beginning: "ready", within: BenchStage.startTime)
            let control = try ControlConnection(port: port)
            guard let epoch = try control.call("GET", "revoked.epoch") else {
                throw LoadFailure(message: "the daemon has no epoch")
            }
            let version = field("revoked_version", of: try control.call("INFO", "server"))
            return BenchServer(
                kind: .revoked, version: version ?? "?", port: port, process: process, dialect: .redis(epoch: epoch))
        }

        private static func startRedis(
            _ kind: ServerKind, on stage: BenchStage, _ log: Log?, _ more: [String]
        ) async throws -> BenchServer {
            let port = try LoopbackSocket.freePort()
            let process = try stage.start(
                kind,
                [
                    "--port", "\(port)", "--bind", "127.0.0.1", "--save", "",
                    "--appendonly", log == nil ? "no" : "yes", "--appendfsync", log?.policy ?? "no",
                    "--dir", log?.directory ?? stage.directory,
                ] + more)
            let control = try await connect(process, port)
            while try control.ask(RESPText.request(["PING"])) != "+PONG" {
                // It is still loading.
                try await Task.sleep(for: .milliseconds(2))
            }
            let epoch = UUID().uuidString.lowercased()
            _ = try control.call("SET", "revoked.epoch", epoch)
            let information = try control.call("INFO", "server")
            let version = field("valkey_version", of: information) ?? field("redis_version", of: information)
            return BenchServer(
                kind: kind, version: version ?? "?", port: port, process: process, dialect: .redis(epoch: epoch))
        }

        private static func startMemcached(on stage: BenchStage) async throws -> BenchServer {
            let port = try LoopbackSocket.freePort()
            let process = try stage.start(
                .memcached,
                [
                    "--port=\(port)", "--listen=127.0.0.1", "--threads=1", "--memory-limit=8192", "--conn-limit=10000",
                    "--user=\(NSUserName())",
                ])
            let version = try await connect(process, port).ask("version\r\n")
            return BenchServer(
                kind: .memcached, version: version.replacing("VERSION ", with: ""), port: port, process: process,
                dialect: .memcached)
        }

        /// The port that a program of ours says it listens on.
        private static func announcedPort(_ process: ChildProcess) async throws -> Int {
            let prefix = "listening on tcp://127.0.0.1:"
            let text = try await process.line(beginning: prefix, within: BenchStage.startTime)
            guard let port = Int(text) else { throw LoadFailure(message: "\(process.name) names no port: \(text)") }
            return port
        }

        /// Connects as soon as a program listens.
        private static func connect(_ process: ChildProcess, _ port: Int) async throws -> ControlConnection {
            let deadline = ContinuousClock.now + BenchStage.startTime
            while true {
                if let control = try? ControlConnection(port: port) { return control }
                guard process.hasEnded == nil, ContinuousClock.now < deadline else {
                    throw LoadFailure(message: "\(process.name) does not listen:\n\(process.lastLines)")
                }
                try await Task.sleep(for: .milliseconds(10))
            }
        }

        /// A field of the text of `INFO`.
        static func field(_ name: String, of information: String?) -> String? {
            information?.split(whereSeparator: \.isNewline).first { $0.hasPrefix(name + ":") }
                .map { String($0.dropFirst(name.utf8.count + 1)) }
        }
    }
#endif
