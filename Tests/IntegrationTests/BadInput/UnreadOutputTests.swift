import Foundation
import TestSupport
import Testing

/// What the daemon and the node say may not reach anyone: they go on all the same.
@Suite struct UnreadOutputTests {
    private func start(_ arguments: [String], _ redirection: String) throws -> TestProcess {
        let command = [try DaemonProcess.program()] + arguments
        return try TestProcess("/bin/sh", ["-c", "exec \"$@\" \(redirection)", "sh"] + command)
    }

    /// A daemon that cannot say that it is ready has to be asked.
    private func revoke(_ path: String) throws {
        let deadline = Date(timeIntervalSinceNow: TestSocket.patience)
        while deadline.timeIntervalSinceNow > 0 {
            if let answer = try? TestSocket(.path(path)).command(WireCommand("SETEX revoked:jti:a 100 logout")),
                answer == Bytes("+OK\r\n".utf8)
            {
                return
            }
            usleep(10_000)
        }
        throw TestFailure("the daemon does not answer")
    }

    /// Where a stream is closed the log of the data directory must not take its number: it would be written into.
    @Test(arguments: [">/dev/full", ">&-", ">&- 2>&-", "<&- >&-", ">/dev/null 2>/dev/full"])
    func aDaemonWhoseOutputCannotBeWrittenServes(redirection: String) throws {
        let folder = try TemporaryFolder()
        let (socket, data) = (folder.path + "/s", folder.path + "/data")
        let daemon = try start(
            ["serve", "--port", "0", "--http", "off", "--unixsocket", socket, "--dir", data], redirection)
        try revoke(socket)
        daemon.terminate()
        #expect(try daemon.waitForEnd().status == 0)
        let next = try DaemonProcess(["--dir", data])
        try next.connect().expect("EXISTS revoked:jti:a", ":1")
    }

    /// It cannot reach its store: it serves, and says so where it can.
    @Test(arguments: [">/dev/full", ">&-", ">/dev/null 2>/dev/full"])
    func aNodeWhoseOutputCannotBeWrittenServes(redirection: String) throws {
        let daemon = try DaemonProcess()
        let node = try TestNodeProcess(backend: daemon.port)
        let port = node.port
        node.process.terminate()
        #expect(try node.process.waitForEnd().status == 0)
        let folder = try #require(node.process.folder).path
        let again = try start(
            [
                "node", "--port", "\(port)", "--backend", "redis://127.0.0.1:\(daemon.port)", "--http", "off",
                "--keys", "\(folder)/key.pem", "--users", "\(folder)/users",
            ], redirection)
        let deadline = Date(timeIntervalSinceNow: TestSocket.patience)
        var answer: Bytes = []
        while answer.isEmpty, deadline.timeIntervalSinceNow > 0 {
            if let socket = try? TestSocket(.port(port)) {
                try? socket.send(Bytes("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8))
                answer = (try? socket.readToEnd()) ?? []
            } else {
                usleep(10_000)
            }
        }
        #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 200 OK"))
        again.terminate()
        #expect(try again.waitForEnd().status == 0)
    }

    /// Its pipe takes 64 kB, and nobody reads it.
    @Test func aLogThatIsNotReadStopsNobody() throws {
        let daemon = try DaemonProcess()
        let node = try TestNodeProcess(backend: daemon.port, ["--log-level", "debug"])
        for _ in 0..<1_000 {
            let socket = try TestSocket(.port(node.port))
            try socket.send(Bytes("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".utf8))
            let answer = try socket.readToEnd()
            #expect(String(decoding: answer.prefix(15), as: UTF8.self) == "HTTP/1.1 200 OK")
        }
        // Nor does it keep the node from ending.
        node.process.terminate()
        let output = try node.process.waitForEnd().output
        #expect(output.contains("debug revoked.node"))
    }
}
