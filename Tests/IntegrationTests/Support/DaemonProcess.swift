import Foundation
import TestSupport

/// `revoked serve` as a process of its own.
final class DaemonProcess {
    let process: TestProcess
    let port: Int

    /// - Parameter arguments: besides `serve`, and a free port unless one is named or there is one for TLS.
    /// - Parameter isReady: whether to wait until it has read its data directory.
    init(_ arguments: [String] = [], environment: [String: String] = [:], isReady: Bool = true) throws {
        let port = arguments.contains("--unixsocket") ? try freePort() : 0
        let place = arguments.contains("--port") ? [] : ["--port", "\(port)"]
        process = try Self.start(place + arguments, environment: environment)
        let line = try process.waitForLine(containing: "listening on t")
        guard let port = line.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw TestFailure("no port in: \(line)")
        }
        self.port = port
        if isReady { _ = try process.waitForLine(containing: "ready") }
    }

    /// Starts `revoked serve`, which may not get as far as listening, with a data directory of its own unless one is
    /// given.
    static func start(_ arguments: [String], environment: [String: String] = [:]) throws -> TestProcess {
        let folder = try TemporaryFolder()
        let process = try TestProcess(
            try program(), ["serve"] + arguments,
            environment: ["REVOKED_DIR": folder.path + "/data", "REVOKED_HTTP": "off"].merging(environment) { $1 })
        process.folder = folder
        return process
    }

    /// The path of a program of ours: it stands beside the test bundle.
    static func program(_ name: String = "revoked") throws -> String {
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let here = URL(fileURLWithPath: bundle).deletingLastPathComponent().path
        for directory in [here, ".build/debug"] where access("\(directory)/\(name)", X_OK) == 0 {
            return "\(directory)/\(name)"
        }
        throw TestFailure("no program \(name) beside the test bundle: swift build --product \(name)")
    }

    func connect() throws -> TestSocket { try TestSocket(.port(port)) }

    /// A field of `INFO`.
    func information(_ field: String) throws -> Int {
        let text = String(decoding: try connect().command("INFO"), as: UTF8.self)
        guard let range = text.range(of: field + ":"),
            let number = Int(text[range.upperBound...].prefix { $0.isNumber })
        else { throw TestFailure("INFO has no \(field)") }
        return number
    }

    /// Its resident memory in bytes.
    func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(process.identifier)/statm", encoding: .utf8)
        guard let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw TestFailure("no statm: \(text)")
        }
        return pages * Int(getpagesize())
    }
}
