import Foundation
import TestSupport
import Testing

/// What the kernel was asked to do, and when.
@Suite struct SystemCallTests {
    @Test func theSyncComesBeforeTheReply() throws {
        let data = try DataFolder()
        let trace = data.folder.path + "/trace"
        let program = try TestProcess.find("strace", package: "strace")
        let process = try TestProcess(
            program,
            [
                "-f", "-o", trace, "-s", "64", "-e", "trace=sendto,recvfrom,read,write,fdatasync,fsync",
                try DaemonProcess.program(), "serve", "--port", "0", "--dir", data.path,
            ])
        let line = try process.waitForLine(containing: "listening on tcp://")
        _ = try process.waitForLine(containing: "ready")
        let socket = try TestSocket(.port(Int(line.split(separator: ":").last ?? "") ?? 0))
        try socket.expect("SETEX revoked:jti:traced 1000 logout", "+OK")
        try socket.send(WireCommand("SHUTDOWN").encoded)
        #expect(try socket.readToEnd().isEmpty)
        #expect(try process.waitForEnd().status == 0)

        let calls = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
        guard let written = calls.firstIndex(where: { $0.contains("write(") && $0.contains("SET\\r\\n$18") }),
            let answered = calls[written...].firstIndex(where: { $0.contains("sendto(") && $0.contains("+OK") })
        else { throw TestFailure("no write or no answer in:\n\(calls.suffix(60).joined(separator: "\n"))") }
        // The sync ends before: either in one line, or resumed.
        let synced = calls[written..<answered].contains { call in
            (call.contains("fdatasync(") || call.contains("fdatasync resumed")) && call.hasSuffix("= 0")
        }
        #expect(synced, "\(calls[written...answered].joined(separator: "\n"))")
    }
}
