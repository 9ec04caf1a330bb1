import Foundation
import TestSupport
import Testing

/// curl waits for a second with a body that it has announced, unless it is told to go on.
@Suite struct ExpectContinueTests {
    private func login(_ port: Int, bytes: Int) throws -> String {
        let password = String(repeating: "x", count: bytes)
        return try Curl.run([
            "-v", "-H", "Expect: 100-continue", "--expect100-timeout", "10", "-d",
            #"{"username":"alice","password":"\#(password)"}"#, "http://127.0.0.1:\(port)/login",
        ]).output
    }

    @Test func aBodyThatIsAnnouncedIsAskedFor() throws {
        let daemon = try DaemonProcess()
        let node = try TestNodeProcess(backend: daemon.port)
        let answer = try login(node.port, bytes: 2048)
        #expect(answer.contains("< HTTP/1.1 100 Continue"), "\(answer)")
        #expect(answer.contains("< HTTP/1.1 401"))
        #expect(!answer.contains("Done waiting for 100-continue"))
        // One that is too large is refused before it is sent.
        let large = try login(node.port, bytes: 100_000)
        #expect(!large.contains("100 Continue") && large.contains("< HTTP/1.1 413"), "\(large)")
        #expect(!large.contains("Done waiting for 100-continue"))
    }

    @Test func theHTTPPortAnswersAtOnce() throws {
        let daemon = try DaemonProcess(["--http", "127.0.0.1:0"])
        let line = try daemon.process.waitForLine(containing: "metrics on http://")
        let url = String(line.dropFirst("metrics on ".count))
        let body = String(repeating: "x", count: 2048)
        let answer = try Curl.run([
            "-v", "-H", "Expect: 100-continue", "--expect100-timeout", "10", "-d", body, url,
        ]).output
        #expect(answer.contains("< HTTP/1.1 405"), "\(answer)")
        #expect(!answer.contains("Done waiting for 100-continue"))
    }
}
