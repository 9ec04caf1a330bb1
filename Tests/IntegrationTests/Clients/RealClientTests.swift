import CHiredis
import Foundation
import Testing

/// Clients of Redis that know nothing of us work unchanged.
@Suite struct RealClientTests {
    @Test(arguments: [[], ["-3"]])
    func redisCLI(_ version: [String]) async throws {
        let program = try TestProcess.find("redis-cli", package: "redis-tools")
        try await LocalDaemon.run { daemon in
            func ask(_ words: [String]) throws -> String {
                let arguments = ["-h", "127.0.0.1", "-p", "\(daemon.port)"] + version + words
                let ended = try TestProcess(program, arguments).waitForEnd()
                #expect(ended.status == 0, "\(words): \(ended.output)")
                return ended.output.trimmingCharacters(in: .whitespacesAndNewlines)
            }
            let pong = try ask(["ping"])
            #expect(pong == "PONG")
            #expect(try ask(["setex", "revoked:jti:example", "60", "logout"]) == "OK")
            #expect(try ask(["exists", "revoked:jti:example"]) == "1")
            #expect(try ask(["mget", "revoked:jti:example", "nope"]).hasPrefix("logout"))
            #expect(try ask(["set", "revoked:jti:example", "x"]).hasPrefix("ERR guarded key:"))
            #expect(try ask(["--scan", "--pattern", "revoked:jti:*"]) == "revoked:jti:example")
            #expect(try ask(["info", "server"]).contains("server_name:revoked"))
            #expect(try ask(["client", "list"]).contains("cmd=client"))
            let setting = try ask(["config", "get", "databases"])
            #expect(setting.split { " \n".contains($0) }.map(String.init) == ["databases", "16"])
            #expect(try ask(["del", "revoked:jti:example"]) == "1")
        }
    }

    @Test func redisBenchmark() async throws {
        let program = try TestProcess.find("redis-benchmark", package: "redis-tools")
        try await LocalDaemon.run { daemon in
            let address = ["-h", "127.0.0.1", "-p", "\(daemon.port)", "-q", "-n", "2000", "-c", "20"]
            for work in [
                ["-t", "ping,set,get,mset"], ["-P", "16", "-t", "set,get"], ["exists", "revoked:jti:__rand_int__"],
            ] {
                let ended = try TestProcess(program, address + ["-r", "1000"] + work).waitForEnd(within: 60)
                #expect(ended.status == 0 && ended.output.contains("requests per second"), "\(ended.output)")
                #expect(!ended.output.contains("Error"), "\(ended.output)")
            }
        }
    }

    @Test func redisPy() async throws {
        let python = try TestProcess.find("python3", package: "python3 python3-redis")
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "real_client.py").path
        try await LocalDaemon.run { daemon in
            let ended = try TestProcess(python, [script, "\(daemon.port)"]).waitForEnd(within: 60)
            let hint = "if the module redis is missing: apt-get install python3-redis"
            #expect(ended.status == 0 && ended.output.contains("redis-py:"), "\(ended.output)\n\(hint)")
        }
    }

    @Test func hiredis() async throws {
        try await LocalDaemon.run { daemon in
            let context = try #require(redisConnect("127.0.0.1", Int32(daemon.port)))
            defer { redisFree(context) }
            #expect(context.pointee.err == 0)
            #expect(try Self.ask(context, ["PING"]) == .status("PONG"))
            #expect(try Self.ask(context, ["SETEX", "revoked:jti:c", "100", "logout"]) == .status("OK"))
            #expect(try Self.ask(context, ["EXISTS", "revoked:jti:c"]) == .integer(1))
            #expect(try Self.ask(context, ["GET", "revoked:jti:c"]) == .text("logout"))
            #expect(try Self.ask(context, ["GET", "revoked:jti:nobody"]) == .null)
            #expect(
                try Self.ask(context, ["MGET", "revoked:jti:c", "nope"]) == .array([.text("logout"), .null]))
            guard case .error(let text) = try Self.ask(context, ["SET", "revoked:jti:c", "x"]) else {
                Issue.record("a revocation without an expiry was taken")
                return
            }
            #expect(text.hasPrefix("ERR guarded key:"))
        }
    }

    private enum Reply: Equatable {
        case status(String)
        case error(String)
        case text(String)
        case integer(Int64)
        case array([Reply])
        case null
    }

    private static func ask(_ context: UnsafeMutablePointer<redisContext>, _ words: [String]) throws -> Reply {
        let copies = words.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        var arguments = copies.map { UnsafePointer<CChar>($0) }
        let lengths = words.map { $0.utf8.count }
        guard let raw = redisCommandArgv(context, Int32(words.count), &arguments, lengths) else {
            throw TestFailure("hiredis: error \(context.pointee.err)")
        }
        defer { freeReplyObject(raw) }
        return read(raw.assumingMemoryBound(to: redisReply.self).pointee)
    }

    private static func read(_ reply: redisReply) -> Reply {
        let text = { String(decoding: UnsafeRawBufferPointer(start: reply.str, count: Int(reply.len)), as: UTF8.self) }
        switch reply.type {
        case REDIS_REPLY_STATUS: return .status(text())
        case REDIS_REPLY_ERROR: return .error(text())
        case REDIS_REPLY_STRING: return .text(text())
        case REDIS_REPLY_INTEGER: return .integer(reply.integer)
        case REDIS_REPLY_ARRAY: return .array((0..<Int(reply.elements)).map { read(reply.element[$0]!.pointee) })
        default: return .null
        }
    }
}
