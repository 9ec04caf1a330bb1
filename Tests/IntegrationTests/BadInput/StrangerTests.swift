import Foundation
import RevokedServer
import Testing

/// A web page's request, and a TLS client's, to the Redis port: the connection ends, and no revocation is undone.
@Suite struct StrangerTests {
    private static let undo = "DEL revoked:jti:a\r\nFLUSHALL\r\n"

    private static let requests: [Bytes] = [
        Bytes("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: \(undo.utf8.count)\r\n\r\n\(undo)".utf8),
        Bytes("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: \(undo.utf8.count)\r\n\r\n\(undo)".utf8),
        // A TLS record whose session id is a command.
        Bytes([0x16, 0x03, 0x01, 0x00, 0x60, 0x01, 0x00, 0x00, 0x5C, 0x03, 0x03]) + Bytes(repeating: 7, count: 32)
            + Bytes([32]) + Bytes("\r\n\(undo)".utf8),
        WireCommand("POST / HTTP/1.1").encoded + Bytes(undo.utf8), Bytes("MKCOL /x\r\n\(undo)".utf8),
        Bytes("0032git-upload-pack /x\n\(undo)".utf8),
    ]

    @Test(arguments: ServerConfiguration.TransportKind.allCases)
    func nothingOfItIsExecuted(_ transport: ServerConfiguration.TransportKind) async throws {
        try await LocalDaemon.run {
            $0.transport = transport
        } _: { daemon in
            let other = try daemon.connect()
            try other.expect("SETEX revoked:jti:a 100 logout", "+OK")
            for request in Self.requests {
                for size in [request.count, 7] {
                    let socket = try daemon.connect()
                    for start in stride(from: 0, to: request.count, by: size) {
                        // It may be closed by then.
                        try? socket.send(Bytes(request[start..<min(start + size, request.count)]))
                    }
                    #expect(try socket.readToEnd().isEmpty)
                    try other.expect("EXISTS revoked:jti:a", ":1")
                }
            }
            let information = try other.ask("INFO stats")
            #expect(information.contains("strangers_closed:\(Self.requests.count * 2)\\r"))
        }
    }

    @Test func theLogNamesThePeerAndTheCause() throws {
        let daemon = try DaemonProcess()
        for (request, cause) in [
            ("POST / HTTP/1.1\r\n", "HTTP"), ("\u{16}\u{03}\u{01}\n", "rediss://"), ("\0\n", "zero byte"),
        ] {
            let socket = try daemon.connect()
            try socket.send(Bytes(request.utf8))
            _ = try socket.readToEnd()
            let line = try daemon.process.waitForLine(containing: cause)
            #expect(line.contains("closed the connection of 127.0.0.1:"), "\(line)")
        }
    }
}
