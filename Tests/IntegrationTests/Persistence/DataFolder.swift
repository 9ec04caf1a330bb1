import Foundation
import TestSupport

/// A data directory, the daemons that are started in it, and what is in it.
final class DataFolder {
    let folder: TemporaryFolder
    var path: String { folder.path + "/data" }
    var log: String { path + "/appendonlydir" }

    init() throws { folder = try TemporaryFolder() }

    /// A log, as another server may have written it, that takes a while to read.
    static func large() throws -> DataFolder {
        let data = try DataFolder()
        try FileManager.default.createDirectory(atPath: data.log, withIntermediateDirectories: true)
        let record = Bytes("*3\r\n$3\r\nSET\r\n$15\r\nrevoked:jti:key\r\n$6\r\nlogout\r\n".utf8)
        var records = Data(capacity: record.count * 1_500_000)
        for _ in 0..<1_500_000 { records.append(contentsOf: record) }
        try records.write(to: URL(fileURLWithPath: data.log + "/appendonly.aof.1.base.aof"))
        try Data("file appendonly.aof.1.base.aof seq 1 type b\n".utf8).write(
            to: URL(fileURLWithPath: data.log + "/appendonly.aof.manifest"))
        return data
    }

    func start(
        _ arguments: [String] = [], environment: [String: String] = [:], isReady: Bool = true
    ) throws -> DaemonProcess {
        let daemon = try DaemonProcess(
            ["--dir", path, "--loglevel", "info"] + arguments, environment: environment, isReady: isReady)
        daemon.process.folder = folder
        return daemon
    }

    /// A daemon that does not get as far as serving.
    func startInVain(_ arguments: [String] = []) throws -> (status: Int32, output: String) {
        try DaemonProcess.start(["--port", "0", "--dir", path] + arguments).waitForEnd()
    }

    func checkLog(_ arguments: [String] = []) throws -> (status: Int32, output: String) {
        try TestProcess(try DaemonProcess.program(), ["check-log", path] + arguments).waitForEnd()
    }

    /// The one file of the log whose name ends so.
    func file(_ suffix: String) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: log).filter { $0.hasSuffix(suffix) }
        guard let name = names.first, names.count == 1 else { throw TestFailure("\(suffix): \(names)") }
        return "\(log)/\(name)"
    }

    func change(_ path: String, _ body: (inout Data) -> Void) throws {
        var data = try Data(contentsOf: URL(fileURLWithPath: path))
        body(&data)
        try data.write(to: URL(fileURLWithPath: path))
    }
}

extension DaemonProcess {
    func kill() throws {
        process.terminate(SIGKILL)
        _ = try process.waitForEnd()
    }

    /// Ends it in order.
    func end() throws {
        process.terminate()
        let ended = try process.waitForEnd()
        guard ended.status == 0 else { throw TestFailure("it ended with \(ended.status): \(ended.output)") }
    }

    func epoch() throws -> String { try connect().ask("GET revoked.epoch") }
}
