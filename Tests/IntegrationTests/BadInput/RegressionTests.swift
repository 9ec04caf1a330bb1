import Foundation
import TestSupport
import Testing

/// What ended, stopped or misled the daemon before, on both transports.
@Suite struct RegressionTests {
    /// The log's news and a command of the same thread never meet.
    @Test(arguments: ["epoll", "nio"])
    func unpauseBesideWritesThatWaitForTheDisk(_ transport: String) throws {
        let daemon = try DaemonProcess(["--transport", transport, "--threads", "1"])
        let (writer, other) = (try daemon.connect(), try daemon.connect())
        for number in 0..<100 {
            try writer.send(WireCommand(text: "SETEX revoked:jti:\(number) 100 logout").encoded)
            try other.expect("CLIENT UNPAUSE", "+OK")
            #expect(try writer.reply() == Bytes("+OK\r\n".utf8))
        }
    }

    /// A client that took no replies relies on the first one that it takes again.
    @Test(arguments: ["epoll", "nio"], ["CLIENT REPLY ON", "PING"])
    func writesWithoutRepliesAreOnDiskBeforeTheNextReply(_ transport: String, _ last: String) throws {
        let folder = try TemporaryFolder()
        let arguments = ["--transport", transport, "--dir", folder.file("data")]
        let count = 5000
        var daemon = try DaemonProcess(arguments)
        let socket = try daemon.connect()
        var sent = Bytes()
        if last == "PING" {
            for number in 0..<count {
                sent += WireCommand("CLIENT REPLY SKIP").encoded
                sent += WireCommand(text: "SETEX revoked:jti:\(number) 1000 logout").encoded
            }
        } else {
            sent += WireCommand("CLIENT REPLY OFF").encoded
            for number in 0..<count { sent += WireCommand(text: "SETEX revoked:jti:\(number) 1000 logout").encoded }
        }
        try socket.send(sent + WireCommand(text: last).encoded)
        _ = try socket.reply()
        daemon.process.terminate(SIGKILL)
        _ = try daemon.process.waitForEnd()
        daemon = try DaemonProcess(arguments)
        try daemon.connect().expect("DBSIZE", ":\(count)")
    }

    /// Databases are made while others exchange and flush theirs.
    @Test func databasesAreMadeBesideFlushes() throws {
        let daemon = try DaemonProcess(["--threads", "2"])
        let sockets = try (0..<4).map { _ in try daemon.connect() }
        for round in 0..<20 {
            for socket in sockets.dropFirst() {
                try socket.send((0..<20).flatMap { _ in WireCommand("SWAPDB 1 2").encoded })
            }
            let first = sockets[0]
            for database in 3..<16 {
                try first.expect(WireCommand(text: "SET k\(database) \(round)"), "+OK")
                try first.expect(WireCommand(text: "MOVE k\(database) \(database)"), ":1")
            }
            for socket in sockets.dropFirst() { for _ in 0..<20 { _ = try socket.reply() } }
            try first.expect("FLUSHALL", "+OK")
        }
    }
}
