import Foundation
import TestSupport
import Testing

/// The log of the real programs, as JSON.
@Suite struct LogFormatTests {
    private struct Entry: Decodable {
        let time: String
        let level: String
        let logger: String
        let message: String
    }

    private func entries(_ output: String) throws -> [Entry] {
        try output.split(separator: "\n").filter { $0.hasPrefix("{") }.map {
            try JSONDecoder().decode(Entry.self, from: Data($0.utf8))
        }
    }

    @Test func theDaemonsLogIsJSON() throws {
        let daemon = try DaemonProcess(["--log-format", "json"])
        daemon.process.terminate()
        let output = try daemon.process.waitForEnd().output
        let entries = try entries(output)
        #expect(entries.contains { $0.message == "ended" && $0.level == "info" && $0.logger == "revoked.server" })
        // What is not of the log stands on standard output, and is for people.
        let others = output.split(separator: "\n").filter { !$0.hasPrefix("{") }
        #expect(others.contains { $0.hasPrefix("listening on") } && others.contains("ready"))
        #expect(!others.contains { $0.contains(" info ") || $0.contains("revoked.server") }, "\(others)")
    }

    @Test func theNodesLogIsJSON() throws {
        let daemon = try DaemonProcess()
        let node = try TestNodeProcess(backend: daemon.port, ["--log-format", "json", "--failure-policy", "allow"])
        node.process.terminate()
        let entries = try entries(try node.process.waitForEnd().output)
        #expect(entries.contains { $0.level == "warning" && $0.message.contains("tokens pass unchecked") })
    }

    @Test func whyAProcessDoesNotStartIsAnEntryToo() throws {
        let redis = try LocalRedis()
        let process = try DaemonProcess.start(["--port", "\(redis.port)", "--log-format", "json"])
        let (status, output) = try process.waitForEnd()
        #expect(status == 1)
        let last = try #require(try entries(output).last)
        #expect(last.level == "critical" && last.message.contains("is in use"))
        #expect(!output.contains("Error:"))
    }

    /// Also while the settings are read, if the command line or the environment tells the format.
    @Test(arguments: ["serve", "node"]) func aWrongSettingIsAnEntryToo(_ command: String) throws {
        let variable = command == "serve" ? "REVOKED_LOG_FORMAT" : "REVOKED_NODE_LOG_FORMAT"
        func end(_ arguments: String..., environment: [String: String] = [:]) throws -> (Int32, [Entry], String) {
            let process = try TestProcess(
                try DaemonProcess.program(), [command] + arguments, environment: environment)
            let (status, output) = try process.waitForEnd()
            return (status, try entries(output), output)
        }
        for (status, all, output) in [
            try end("--log-format", "json", "--port", "x"), try end("--port", "x", "--log-format=json"),
            try end("--port", "x", environment: [variable: "json"]),
        ] {
            #expect(status == 1 && all.count == 1 && output.split(separator: "\n").count == 1, "\(output)")
            #expect(all.first?.level == "critical" && all.first?.message.contains("port takes") == true)
        }
        let (status, all, output) = try end("--log-format", "json", "--no-such-option")
        #expect(status == 64 && all.count == 1 && output.split(separator: "\n").count == 1, "\(output)")
        #expect(all.first?.message.contains("--no-such-option") == true)
        // Help is for people, and so is what other commands say.
        #expect(try end("--help", environment: [variable: "json"]).2.hasPrefix("OVERVIEW"))
        #expect(try end("--port", "x").2.hasPrefix("Error: port takes"))
    }
}
