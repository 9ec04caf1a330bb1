import Foundation
import Testing

@Suite struct StoreOptionTests {
    private static let program =
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "revoked").path

    @Test func theStoreMayStandInTheEnvironment() throws {
        let redis = try LocalRedis(["--requirepass", "hunter2"])
        let backend = ["REVOKED_BACKEND": "redis://:hunter2@127.0.0.1:\(redis.port)"]
        // This server does not know what its epoch replaces.
        for (command, expected, answer) in [("init", 0, "Ready."), ("accept", 2, "revoked accept --replaces")] {
            let (status, output) = try TestProcess(Self.program, [command], environment: backend).waitForEnd()
            #expect(status == Int32(expected))
            #expect(output.contains(answer))
        }
    }

    @Test(arguments: ["init", "accept"]) func aStoreMustBeNamed(command: String) throws {
        let (status, output) = try TestProcess(Self.program, [command]).waitForEnd()
        #expect(status == 64)
        #expect(output.contains("REVOKED_BACKEND"))
    }
}
