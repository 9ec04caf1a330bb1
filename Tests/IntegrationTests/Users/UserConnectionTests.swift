import Foundation
import RevokedServer
import TestSupport
import Testing

/// Users over sockets, with both transports.
@Suite struct UserConnectionTests {
    @Test(arguments: ServerConfiguration.TransportKind.allCases)
    func aDeletedUsersConnectionsAreClosed(_ transport: ServerConfiguration.TransportKind) async throws {
        try await LocalDaemon.run {
            $0.transport = transport
        } _: { daemon in
            let admin = try daemon.connect()
            #expect(try admin.command(["ACL", "SETUSER", "u", "on", ">p", "+ping"]) == Bytes("+OK\r\n".utf8))
            let (first, second, other) = (try daemon.connect(), try daemon.connect(), try daemon.connect())
            for socket in [first, second] {
                #expect(try socket.command(["AUTH", "u", "p"]) == Bytes("+OK\r\n".utf8))
            }
            #expect(String(decoding: try admin.command(["CLIENT", "LIST"]), as: UTF8.self).contains(" user=u "))
            #expect(try admin.command(["ACL", "DELUSER", "u"]) == Bytes(":1\r\n".utf8))
            // Nothing has to be sent for that.
            for socket in [first, second] { #expect(try socket.readToEnd().isEmpty) }
            #expect(try other.command(["PING"]) == Bytes("+PONG\r\n".utf8))
        }
    }

    /// Also by a daemon without a data directory: its replies wait for no log, but for the thread that saves.
    @Test(arguments: ServerConfiguration.TransportKind.allCases)
    func aSaveIsAnsweredWhenItIsDone(_ transport: ServerConfiguration.TransportKind) async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("users.acl")
        try "user default on nopass ~* &* +@all\n".write(toFile: path, atomically: true, encoding: .utf8)
        try await LocalDaemon.run {
            ($0.transport, $0.userFile) = (transport, path)
        } _: { daemon in
            let admin = try daemon.connect()
            #expect(try admin.command(["ACL", "SETUSER", "u", "on", ">p", "+ping"]) == Bytes("+OK\r\n".utf8))
            #expect(try admin.command(["ACL", "SAVE"]) == Bytes("+OK\r\n".utf8))
            #expect(try String(contentsOfFile: path, encoding: .utf8).contains("user u on "))
            #expect(try admin.command(["PING"]) == Bytes("+PONG\r\n".utf8))
        }
    }

    @Test(arguments: ServerConfiguration.TransportKind.allCases)
    func aUsersConnectionsAreKilled(_ transport: ServerConfiguration.TransportKind) async throws {
        try await LocalDaemon.run {
            $0.transport = transport
        } _: { daemon in
            let admin = try daemon.connect()
            _ = try admin.command(["ACL", "SETUSER", "u", "on", "nopass", "+ping"])
            let user = try daemon.connect()
            _ = try user.command(["AUTH", "u", "any"])
            #expect(try admin.command(["CLIENT", "KILL", "USER", "u"]) == Bytes(":1\r\n".utf8))
            #expect(try user.readToEnd().isEmpty)
            #expect(try admin.command(["CLIENT", "KILL", "USER", "nobody"]).starts(with: "-ERR No such user".utf8))
        }
    }

    /// What a start takes from a file, and what it does not take.
    @Test func aStartTakesTheWholeFileOrDoesNotHappen() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/users.acl"
        try Data("user default off\nuser u on >p +ping\n".utf8).write(to: URL(fileURLWithPath: path))
        // `default` is off: so nobody is in without a password, beyond loopback, too.
        try await LocalDaemon.run {
            $0.userFile = path
            $0.bind = ["0.0.0.0"]
        } _: { daemon in
            let socket = try daemon.connect()
            #expect(try socket.command(["PING"]) == Bytes("-NOAUTH Authentication required.\r\n".utf8))
            #expect(try socket.command(["AUTH", "u", "p"]) == Bytes("+OK\r\n".utf8))
            #expect(try socket.command(["PING"]) == Bytes("+PONG\r\n".utf8))
        }
        for (text, message) in [
            ("user u on >p +ping\nuser v +nosuch\n", "users.acl:2: Error in applying operation '+nosuch'"),
            ("user default on nopass\n", "refusing to listen on 0.0.0.0 without a password"), (nil, "No such file"),
        ] {
            try? FileManager.default.removeItem(atPath: path)
            if let text { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }
            let error = await #expect(throws: ServerError.self) {
                try await LocalDaemon.run {
                    $0.userFile = path
                    $0.bind = ["0.0.0.0"]
                } _: { _ in
                }
            }
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        }
    }
}
