import Contract
import Foundation
import Synchronization
import Testing

@testable import Revocation

/// Three sentinels, a primary and a replica, as Debian ships them.
@Suite(.serialized, .timeLimit(.minutes(1))) struct SentinelTests {
    private final class Trio: Sendable {
        let primary: RedisServer
        let replica: RedisServer
        let sentinels: [RedisServer]
        private let directory = NSTemporaryDirectory() + "revoked-sentinel-\(UInt64.random(in: 0 ... .max))"

        init() async throws {
            primary = try await RedisServer("--repl-diskless-sync-delay", "0")
            replica = try await RedisServer(
                "--replicaof", "127.0.0.1", "\(primary.port)", "--repl-diskless-sync-delay", "0")
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            var sentinels: [RedisServer] = []
            for index in 0..<3 {
                let file = "\(directory)/\(index).conf"
                let text = """
                    bind 127.0.0.1
                    sentinel monitor tokens 127.0.0.1 \(primary.port) 2
                    sentinel down-after-milliseconds tokens 500
                    sentinel failover-timeout tokens 3000
                    """
                try Data(text.utf8).write(to: URL(fileURLWithPath: file))
                sentinels.append(try await RedisServer(arguments: [file, "--port", "{port}", "--sentinel"]))
            }
            self.sentinels = sentinels
            let ports = sentinels.map(\.port)
            let areReady = await eventually(within: .seconds(20)) {
                for port in ports {
                    guard let reply = try? await RedisServer.ask(port: port, Command("SENTINEL", "ckquorum", "tokens")),
                        case .status(let text) = reply, text.starts(with: "OK 3".utf8),
                        let replicas = try? await RedisServer.ask(
                            port: port, Command("SENTINEL", "replicas", "tokens")),
                        case .array(let list) = replicas, list.count == 1
                    else { return false }
                }
                return true
            }
            try #require(areReady)
        }

        deinit { try? FileManager.default.removeItem(atPath: directory) }

        /// One of them does not exist: the others are asked.
        var url: String {
            "redis+sentinel://127.0.0.1:1," + sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
                + "/tokens"
        }
    }

    /// Revokes one token after another, and looks whether they are.
    private final class Load: Sendable {
        private let list: RevocationList
        private let observer: RevocationList
        private let isOver = Atomic(false)
        private let revoked = Atomic(0)

        init(_ list: RevocationList, _ observer: RevocationList) {
            self.list = list
            self.observer = observer
        }

        /// Kills the primary once there is load, and waits for another one.
        func failOver(_ trio: Trio) async {
            let isBusy = await eventually { count > 50 }
            trio.primary.kill()
            let isBack = await eventually(within: .seconds(20)) {
                guard (try? await list.revoke(liveToken(identifier: "after"))) != nil else { return false }
                return await observer.verdict(for: liveToken(identifier: "y", session: nil)).isClear
            }
            #expect(isBusy && isBack, "the promoted replica is found")
            stop()
        }

        private var count: Int { revoked.load(ordering: .relaxed) }

        private func stop() { isOver.store(true, ordering: .relaxed) }

        /// - Returns: what was acknowledged, with the replica.
        func run(_ worker: Int) async -> [String] {
            var acknowledged: [String] = []
            var index = 0
            while !isOver.load(ordering: .relaxed) {
                index += 1
                let identifier = "\(worker)-\(index)"
                let token = liveToken(identifier: identifier, session: nil)
                if case .revoked? = (try? await list.revoke(token))?.outcome {
                    acknowledged.append(identifier)
                    revoked.wrappingAdd(1, ordering: .relaxed)
                    if await observer.verdict(for: token).isClear { Issue.record("clear: \(identifier)") }
                }
                try? await Task.sleep(for: .milliseconds(1))
            }
            return acknowledged
        }
    }

    /// The primary is killed under load. What was acknowledged by the replica too is revoked ever after, and nothing
    /// that was revoked is ever clear.
    @Test func aFailoverUnderLoad() async throws {
        let trio = try await Trio()
        var settings = liveConfiguration()
        settings.commandTimeout = .seconds(2)
        settings.replicas = ReplicaRequirement(count: 1, timeout: .milliseconds(20))
        settings.revokedAnswerLifetime = .zero
        let administration = try StoreAdministration(trio.url)
        // Not written to before the sentinels have known it for a moment.
        #expect(await eventually { (try? await administration.initialise()) != nil }, "the primary gets an epoch")
        await administration.close()
        let list = try RevocationList(trio.url, configuration: settings, logger: LogLines().logger)
        #expect(await eventually { (try? await list.revoke(liveToken()))?.keeps(for: 1_120) == true })
        let observer = try RevocationList(trio.url, configuration: settings, logger: LogLines().logger)

        let load = Load(list, observer)
        let acknowledged = await withTaskGroup(of: [String].self) { group in
            for worker in 0..<4 { group.addTask { await load.run(worker) } }
            group.addTask {
                await load.failOver(trio)
                return []
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(!acknowledged.isEmpty)
        for identifier in acknowledged {
            let verdict = await observer.verdict(for: liveToken(identifier: identifier, session: nil))
            if verdict.reason != "logout" { Issue.record("\(identifier): \(verdict)") }
        }
        await list.close()
        await observer.close()
        withExtendedLifetime(trio) {}
    }

    /// Without the sentinels it is unknown whether it is still the primary: neither checks nor writes are believed.
    @Test func aPrimaryThatNoSentinelConfirmsIsNotBelieved() async throws {
        let trio = try await Trio()
        let administration = try StoreAdministration(trio.url)
        #expect(await eventually { (try? await administration.initialise()) != nil })
        await administration.close()
        let list = try RevocationList(trio.url, configuration: liveConfiguration(), logger: LogLines().logger)
        #expect(await list.verdict(for: liveToken()).isClear)
        try await list.revoke(liveToken(identifier: "before"))
        for sentinel in trio.sentinels { sentinel.signal(SIGSTOP) }
        #expect(await eventually { await list.verdict(for: liveToken()).unknownCode == .unreachable })
        #expect(await list.readiness().code == .unreachable)
        let error = await #expect(throws: RevocationError.self) { try await list.revoke(liveToken()) }
        #expect(error?.code == .unreachable)
        for sentinel in trio.sentinels { sentinel.signal(SIGCONT) }
        #expect(await eventually(within: .seconds(20)) { await list.verdict(for: liveToken()).isClear })
        await list.close()
        withExtendedLifetime(trio) {}
    }

    @Test func aNameThatNoSentinelKnowsIsUnreachable() async throws {
        let trio = try await Trio()
        let list = try RevocationList(
            trio.url.replacing("/tokens", with: "/others"), configuration: liveConfiguration(),
            logger: LogLines().logger)
        #expect(await list.verdict(for: liveToken()).unknownCode == .unreachable)
        await list.close()
        withExtendedLifetime(trio) {}
    }
}
