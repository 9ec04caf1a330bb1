import Foundation
import Testing

/// The auth node as a process: what it does when it is ended, and when it runs out of descriptors.
@Suite(.serialized) struct NodeProcessTests {
    private static let credentials = #"{"username":"alice","password":"correct horse"}"#

    private func request(_ method: String, _ path: String, _ body: String = "", length: Int? = nil) -> Bytes {
        let head = "\(method) \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        return Bytes("\(head)Content-Length: \(length ?? body.utf8.count)\r\n\r\n\(body)".utf8)
    }

    private func status(_ answer: Bytes) -> String {
        String(decoding: answer.prefix { $0 != 0x0D }, as: UTF8.self)
    }

    /// Half a body must not keep it; what was asked completely is answered.
    @Test func itEndsSoonAndAnswersWhatItWasAsked() throws {
        let daemon = try DaemonProcess()
        let node = try TestNodeProcess(backend: daemon.port, ["--login-attempts", "0"])
        let half = try TestSocket(.port(node.port))
        try half.send(request("POST", "/login", "{", length: 100))
        let asking = try (0..<8).map { _ in
            let socket = try TestSocket(.port(node.port))
            try socket.send(request("POST", "/login", Self.credentials))
            return socket
        }
        // When the first is answered the others have arrived, and most of them wait for their password to be hashed.
        #expect(status(try asking[0].readToEnd()) == "HTTP/1.1 200 OK")
        node.process.terminate()
        for socket in asking.dropFirst() { #expect(status(try socket.readToEnd()) == "HTTP/1.1 200 OK") }
        #expect(try node.process.waitForEnd(within: 5).status == 0)
    }

    /// The others are closed to make room, those that have waited the longest first.
    @Test func whoeverHoldsAllPlacesKeepsNobodyOut() throws {
        let daemon = try DaemonProcess()
        let node = try TestNodeProcess(backend: daemon.port, ["--log-level", "warning"], descriptors: 256)
        // They ask once, and then nothing: a connection may be idle for a minute.
        let idle = try (0..<300).map { _ in
            let socket = try TestSocket(.port(node.port))
            try socket.send(Bytes("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
            return socket
        }
        let line = try node.process.waitForLine(containing: "accepting no more connections")
        #expect(line.contains("ulimit"))
        let before = try node.processorTime()
        for _ in 0..<20 {
            let socket = try TestSocket(.port(node.port))
            try socket.send(request("GET", "/healthz"))
            #expect(status(try socket.readToEnd()) == "HTTP/1.1 200 OK")
        }
        let used = try node.processorTime() - before
        #expect(used < 3, "\(used) s of processor")
        for socket in idle { socket.close() }
    }

    /// It is closed before it is answered, and costs no memory meanwhile.
    @Test func whoSendsFarAheadIsClosed() throws {
        let daemon = try DaemonProcess()
        let node = try TestNodeProcess(backend: daemon.port)
        let socket = try TestSocket(.port(node.port))
        let requests = Bytes(String(repeating: "GET / HTTP/1.1\r\n\r\n", count: 10_000).utf8)
        // The rest may find the connection closed.
        try? socket.send(requests)
        let answers = (try? socket.readToEnd()) ?? []
        #expect(String(decoding: answers, as: UTF8.self).split(separator: "HTTP/1.1 ").count < 200)
        let other = try TestSocket(.port(node.port))
        try other.send(request("GET", "/healthz"))
        #expect(status(try other.readToEnd()) == "HTTP/1.1 200 OK")
    }
}
