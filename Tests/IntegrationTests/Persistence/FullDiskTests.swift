import Foundation
import TestSupport
import Testing

/// A disk that is really full: a small tmpfs that only the daemon sees.
@Suite struct FullDiskTests {
    @Test(arguments: ["epoll", "nio"])
    func writesAreRefusedReadsGoOnAndItRecovers(_ transport: String) async throws {
        let folder = try TemporaryFolder()
        let program = try DaemonProcess.program()
        let process = try TestProcess(
            try TestProcess.find("unshare", package: "util-linux"),
            [
                "--map-root-user", "--mount", "sh", "-c",
                "mount -t tmpfs -o size=2m revoked \(folder.path) && exec \(program) serve --port 0 --dir \(folder.path)/data"
                    + " --transport \(transport)",
            ])
        let line = try process.waitForLine(containing: "listening on tcp://")
        _ = try process.waitForLine(containing: "ready")
        let socket = try TestSocket(.port(Int(line.split(separator: ":").last ?? "") ?? 0))
        try socket.expect("SETEX revoked:jti:before 1000 logout", "+OK")

        // The disk as the daemon sees it.
        let filler = "/proc/\(process.identifier)/root\(folder.path)/filler"
        _ = FileManager.default.createFile(atPath: filler, contents: Data(repeating: 1, count: 1 << 20))
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: filler))
        try handle.seekToEnd()
        while (try? handle.write(contentsOf: Data(repeating: 1, count: 4096))) != nil {}
        try handle.close()

        var number = 0
        try await eventually("a write is refused") {
            number += 1
            return try socket.ask(
                WireCommand(text: "SETEX revoked:jti:\(number) 1000 \(String(repeating: "x", count: 100))")
            )
            .hasPrefix("-MISCONF Errors writing to the AOF file: ")
        }
        try socket.expect("GET revoked:jti:before", "\"logout\"")
        try socket.expect("DEL revoked:jti:before", "-MISCONF …")
        #expect(try socket.ask("INFO persistence").contains("aof_last_write_status:err"))

        try FileManager.default.removeItem(atPath: filler)
        try await eventually("writes are taken again") {
            try socket.ask("SETEX revoked:jti:after 1000 logout") == "+OK"
        }
        #expect(try socket.ask("INFO persistence").contains("aof_last_write_status:ok"))
        try socket.expect("EXISTS revoked:jti:before revoked:jti:after", ":2")
    }
}
