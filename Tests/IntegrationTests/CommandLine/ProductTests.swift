import Foundation
import Testing

/// The product holds nothing of the laboratory, and no way to take a protection out of a node or a daemon.
@Suite struct ProductTests {
    /// - Returns: whether a program holds a text, in its symbols or elsewhere.
    private func holds(_ text: String, _ program: String) throws -> Bool {
        let path = try DaemonProcess.program(program)
        let grep = try TestProcess.find("grep", package: "grep")
        let (status, output) = try TestProcess(grep, ["-q", "-a", "-F", "-e", text, path]).waitForEnd()
        guard status <= 1 else { throw TestFailure("grep: \(output)") }
        return status == 0
    }

    /// The first is how symbols of the module Lab begin.
    @Test(arguments: [
        "$s3Lab", "LoadGenerator", "WeakenedDenylist", "NaiveDenylist", "loses-revocations", "TableBench",
        "echo_baseline_serve", "baseline_http_run",
    ])
    func onlyTheLaboratoryHolds(text: String) throws {
        #expect(try holds(text, "revoked-lab"))
        #expect(try !holds(text, "revoked"))
    }

    @Test func whatTheProductHoldsIsFound() throws {
        #expect(try holds("$s4Demo", "revoked"))
        #expect(try holds("$s13RevokedServer", "revoked"))
    }

    @Test func theProgramAndTheDaemonSayTheSameVersion() throws {
        let (status, output) = try TestProcess(try DaemonProcess.program(), ["--version"]).waitForEnd()
        #expect(status == 0)
        let daemon = try DaemonProcess()
        let information = String(decoding: try daemon.connect().command("INFO server"), as: UTF8.self)
        #expect(output.hasPrefix("revoked "))
        let version = output.dropFirst("revoked ".count).trimmingCharacters(in: .newlines)
        #expect(version.contains("."))
        #expect(information.contains("revoked_version:\(version)\r\n"))
    }

    @Test(arguments: [
        ["bench"], ["load", "nodes"], ["echo", "--reply", "+OK"],
        ["node", "run", "--stock-glue", "loses-revocations", "--keys", "k", "--users", "u"],
        ["node", "run", "--denylist", "loses-revocations", "--keys", "k", "--users", "u"],
    ])
    func theProductDoesNotKnow(arguments: [String]) throws {
        let (status, output) = try TestProcess(try DaemonProcess.program(), arguments).waitForEnd()
        #expect(status == 64, "\(output)")
    }
}
