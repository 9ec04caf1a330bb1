import Foundation
import RevokedServer
import TestSupport
import Testing

/// Where a daemon listens, and when it refuses to.
@Suite struct ListeningTests {
    typealias Transport = ServerConfiguration.TransportKind

    /// The same conversation over both transports, on TCP and on a Unix socket.
    @Test(arguments: Transport.allCases)
    func bothTransportsServeBothSockets(_ transport: Transport) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/socket"
        let port = try freePort()
        try await LocalDaemon.run {
            ($0.transport, $0.port) = (transport, port)
            $0.unixSocket = path
        } _: { daemon in
            #expect(daemon.endpoints.contains(.unix(path: path)))
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            for socket in [try daemon.connect(), try TestSocket(.path(path))] {
                try socket.expect("PING", "+PONG")
                try socket.expect("SETEX revoked:jti:a 100 logout", "+OK")
                try socket.expect("MGET revoked:jti:a nope", "[\"logout\", nil]")
                try socket.expect("HELLO 3", "[\"server\", \"redis\"…")
                try socket.expect("GET nope", "nil")
                try socket.send(Bytes("ping\r\nECHO \"a b\"\r\n".utf8) + WireCommand("DEL revoked:jti:a").encoded)
                #expect(try socket.reply() == Bytes("+PONG\r\n".utf8))
                #expect(try socket.reply() == Bytes("$3\r\na b\r\n".utf8))
                #expect(try socket.reply() == Bytes(":1\r\n".utf8))
                let bulk = String(repeating: "x", count: 1 << 20)
                try socket.expect(["SET", "big", bulk], "+OK")
                try socket.expect("STRLEN big", ":1048576")
                #expect(try socket.command("GET big").count == bulk.utf8.count + "$1048576\r\n\r\n".utf8.count)
                try socket.send(WireCommand("PING").encoded + WireCommand("QUIT").encoded + WireCommand("PING").encoded)
                #expect(try socket.readToEnd() == Bytes("+PONG\r\n+OK\r\n".utf8))
            }
            let (killer, victim) = (try daemon.connect(), try daemon.connect())
            let identifier = try victim.ask("CLIENT ID").dropFirst()
            try killer.expect(WireCommand(text: "CLIENT KILL ID \(identifier)"), ":1")
            #expect(try victim.readToEnd().isEmpty)
        }
        #expect(access(path, F_OK) != 0, "the socket's file goes with the daemon")
    }

    @Test(arguments: Transport.allCases, Transport.allCases)
    func aSecondDaemonOnThePortFails(_ first: Transport, _ second: Transport) async throws {
        try await LocalDaemon.run {
            $0.transport = first
        } _: { daemon in
            var configuration = ServerConfiguration()
            configuration.port = daemon.port
            configuration.transport = second
            let error = await #expect(throws: ServerError.self) {
                _ = try await RevokedServer(configuration).start()
            }
            #expect(error?.code == .addressInUse)
            try daemon.connect().expect("PING", "+PONG")
        }
    }

    @Test(arguments: Transport.allCases, Transport.allCases)
    func aUnixSocketInUseIsLeftAlone(_ first: Transport, _ second: Transport) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/socket"
        try await LocalDaemon.run {
            $0.transport = first
            $0.unixSocket = path
        } _: { _ in
            var configuration = ServerConfiguration()
            configuration.port = 0
            configuration.transport = second
            configuration.unixSocket = path
            let error = await #expect(throws: ServerError.self) {
                _ = try await RevokedServer(configuration).start()
            }
            #expect(error?.code == .addressInUse)
            try TestSocket(.path(path)).expect("PING", "+PONG")
        }
    }

    @Test(arguments: Transport.allCases)
    func aStaleUnixSocketIsReplaced(_ transport: Transport) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/socket"
        try Self.leaveStaleSocket(path)
        #expect(access(path, F_OK) == 0)
        try await LocalDaemon.run {
            $0.transport = transport
            $0.unixSocket = path
        } _: { _ in
            try TestSocket(.path(path)).expect("PING", "+PONG")
        }
    }

    @Test(arguments: Transport.allCases)
    func aFileOfAnotherKindIsLeftAlone(_ transport: Transport) async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/precious"
        try "data".write(toFile: path, atomically: false, encoding: .utf8)
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.transport = transport
        configuration.unixSocket = path
        await #expect(throws: ServerError.self) { _ = try await RevokedServer(configuration).start() }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "data")
    }

    @Test(arguments: Transport.allCases)
    func beyondMaxclientsConnectionsAreRefused(_ transport: Transport) async throws {
        try await LocalDaemon.run {
            $0.transport = transport
            $0.maximumClients = 3
        } _: { daemon in
            var sockets = try (0..<3).map { _ in try daemon.connect() }
            for socket in sockets { try socket.expect("PING", "+PONG") }
            for _ in 0..<5 {
                let refused = try daemon.connect()
                #expect(try refused.readToEnd() == Bytes("-ERR max number of clients reached\r\n".utf8))
            }
            for socket in sockets { try socket.expect("PING", "+PONG") }
            sockets.removeLast()
            try await eventually("there is room again") {
                let socket = try daemon.connect()
                try? socket.send(WireCommand("PING").encoded)
                return (try? socket.reply()) == Bytes("+PONG\r\n".utf8)
            }
        }
    }

    /// As Redis: subscribers wait for something, so they stay.
    @Test(arguments: Transport.allCases)
    func whoIsIdleForTimeoutIsClosed(_ transport: Transport) async throws {
        try await LocalDaemon.run {
            $0.transport = transport
            $0.idleTimeout = 1
        } _: { daemon in
            let (idle, subscriber) = (try daemon.connect(), try daemon.connect())
            try idle.expect("PING", "+PONG")
            try subscriber.send(WireCommand("SUBSCRIBE news").encoded)
            _ = try subscriber.reply()
            #expect(try idle.readToEnd() == [])
            let late = try daemon.connect()
            try late.expect("PUBLISH news x", ":1")
        }
    }

    /// As Redis' own default: the address that this machine lacks is passed over, if a dash says so.
    @Test(arguments: Transport.allCases)
    func addressesThatMayBeMissing(_ transport: Transport) async throws {
        try await LocalDaemon.run {
            $0.transport = transport
            $0.bind = ["-192.0.2.1", "127.0.0.1", "-::1", "127.0.0.2"]
            $0.protectedMode = false
        } _: { daemon in
            #expect(daemon.endpoints.contains(.tcp(host: "127.0.0.1", port: daemon.port)))
            #expect(daemon.endpoints.contains(.tcp(host: "127.0.0.2", port: daemon.port)))
            #expect(!daemon.endpoints.contains(.tcp(host: "192.0.2.1", port: daemon.port)))
            try daemon.connect().expect("PING", "+PONG")
            try daemon.connect().expect("CONFIG GET bind", "[\"bind\", \"-192.0.2.1 127.0.0.1 -::1 127.0.0.2\"]")
        }
        for addresses in [["127.0.0.1", "192.0.2.1"], ["-192.0.2.1"]] {
            var configuration = ServerConfiguration()
            configuration.port = 0
            configuration.transport = transport
            configuration.protectedMode = false
            configuration.bind = addresses
            await #expect(throws: ServerError.self) { _ = try await RevokedServer(configuration).start() }
        }
    }

    /// An address in use is an error also of one that may be missing: half of the clients would be another daemon's.
    @Test(arguments: Transport.allCases)
    func anOptionalAddressInUseIsAnError(_ transport: Transport) async throws {
        try await LocalDaemon.run { daemon in
            var configuration = ServerConfiguration()
            configuration.port = daemon.port
            configuration.transport = transport
            configuration.bind = ["127.0.0.2", "-127.0.0.1"]
            let error = await #expect(throws: ServerError.self) {
                _ = try await RevokedServer(configuration).start()
            }
            #expect(error?.code == .addressInUse)
        }
    }

    /// Every address of both families at once, where both are there.
    @Test(arguments: Transport.allCases)
    func everyAddressOfBothFamilies(_ transport: Transport) async throws {
        try await LocalDaemon.run {
            $0.transport = transport
            $0.bind = ["*", "-::*"]
            $0.protectedMode = false
        } _: { daemon in
            #expect(daemon.endpoints.contains(.tcp(host: "0.0.0.0", port: daemon.port)))
            try daemon.connect().expect("PING", "+PONG")
        }
    }

    @Test func beyondLoopbackAPasswordIsNeeded() async throws {
        for host in ["0.0.0.0", "::", "*", "::*", "-*", "-192.0.2.1", "192.0.2.1"] {
            var configuration = ServerConfiguration()
            configuration.port = 0
            configuration.bind = [host]
            let error = await #expect(throws: ServerError.self) {
                _ = try await RevokedServer(configuration).start()
            }
            #expect(error?.code == .unprotected)
        }
    }

    private static func leaveStaleSocket(_ path: String) throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        guard result == 0 else { throw TestFailure("bind: \(String(cString: strerror(errno)))") }
    }
}
