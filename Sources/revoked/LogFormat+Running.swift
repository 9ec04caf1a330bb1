import AuthNode
import Foundation
import Logging
import ProcessOutput
import RevokedServer
import Settings

extension LogFormat {
    /// Runs a process whose log has this format.
    func run(_ label: String, _ process: (Logger) async throws -> Void) async throws {
        Self.current = self
        try await process(Logger(label: label))
    }

    /// The format that `serve` or `node` is told to use, before its settings are read: they may be wrong.
    /// - Returns: nil for other commands, and if nothing but the file of settings can tell.
    static func wanted(
        by arguments: [String] = CommandLine.arguments,
        _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> LogFormat? {
        let words = arguments.dropFirst().prefix(2)
        let isNode = words.first == "node" && (words.count == 1 || words.last?.hasPrefix("-") == true)
        guard isNode || words.first == "serve" else { return nil }
        var given: String?
        for (index, word) in arguments.enumerated() {
            if word == "--log-format", index + 1 < arguments.count { given = arguments[index + 1] }
            if word.hasPrefix("--log-format=") { given = String(word.dropFirst("--log-format=".count)) }
        }
        let names = isNode ? NodeConfiguration.names : ServerConfiguration.names
        return (given ?? environment[names.variable("log-format")]).flatMap(LogFormat.init(rawValue:))
    }
}
