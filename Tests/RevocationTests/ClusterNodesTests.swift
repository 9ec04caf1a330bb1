import Contract
import NIOCore
import Synchronization
import Testing

@testable import Revocation

/// Clusters whose nodes say what a test wants.
@Suite(.timeLimit(.minutes(1))) struct ClusterNodesTests {
    /// A node that has all slots, or says who has.
    private final class FakeNode: Sendable {
        let store: FakeStore
        let owner = Mutex<Int?>(nil)
        let offset = Atomic<Int64>(0)

        init() async throws {
            store = try await FakeStore { _ in .nothing }
            store.answer { [self] command in
                switch command.first {
                case "CLUSTER" where command[1] == "INFO": .bytes(bulk("cluster_state:ok\r\n"))
                case "CLUSTER":
                    .bytes("*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n" + bulk("127.0.0.1") + ":\(port)\r\n")
                case "GET": .bytes(command[1].hasPrefix(Epoch.key) ? bulk("epoch") : "$-1\r\n")
                case "TIME": .bytes(time(configuration().wallClock() + offset.load(ordering: .relaxed)))
                default: answerHealthily(command)
                }
            }
        }

        private var port: Int { owner.withLock { $0 } ?? store.port }
    }

    /// It was taken out of the cluster, and its clock is wrong: neither matters any more.
    @Test func aNodeThatIsGoneIsForgotten() async throws {
        let (old, new) = (try await FakeNode(), try await FakeNode())
        let elapsed = Mutex(Duration.zero)
        var settings = configuration()
        let (start, wall) = (ContinuousClock.now, settings.wallClock())
        settings.bootClock = { start + elapsed.withLock { $0 } }
        settings.wallClock = { wall + elapsed.withLock { $0.milliseconds } }
        let url = "redis+cluster://127.0.0.1:\(old.store.port)"
        let list = try RevocationList(url, configuration: settings, logger: LogLines().logger)
        #expect(await list.verdict(for: token()).isClear)
        #expect(await list.readiness().isReady)
        old.owner.withLock { $0 = new.store.port }
        // Nothing goes wrong, and the cluster is asked again all the same.
        for node in [old, new] { node.offset.store(61_000, ordering: .relaxed) }
        elapsed.withLock { $0 = .seconds(61) }
        #expect(await eventually { await list.verdict(for: token()).isClear && new.store.connectionCount > 0 })
        // The next time, when it was not used for a while.
        elapsed.withLock { $0 = .seconds(122) }
        #expect(await list.verdict(for: token()).isClear)
        #expect(await eventually { old.store.openConnectionCount == 0 })
        #expect(await list.readiness().isReady)
        await list.close()
        for node in [old, new] { await node.store.stop() }
    }

    /// One that never answers, and one that is cut off from the others, delay no call.
    @Test func anyNodeCanTell() async throws {
        let silent = try await FakeStore { _ in .nothing }
        let cutOff = try await FakeStore { $0[1] == "INFO" ? .bytes(bulk("cluster_state:fail\r\n")) : .bytes("*0\r\n") }
        let node = try await FakeNode()
        let candidates = [silent.port, 1, cutOff.port, node.store.port].map {
            StoreURL.Location.tcp(host: "127.0.0.1", port: $0)
        }
        func search(_ candidates: [StoreURL.Location], _ timeout: TimeAmount) async -> Result<
            ClusterTopology, StoreFailure
        > {
            await ClusterSearch(candidates, access: .init(), encryption: nil, timeout: timeout).run()
        }
        #expect(try await search(candidates, .seconds(30)).get()[0] == candidates[3])
        let begin = ContinuousClock.now
        for silent in [Array(candidates[..<3]), [candidates[0]]] {
            let result = await search(silent, .milliseconds(300))
            #expect(throws: StoreFailure.self) { try result.get() }
        }
        // One deadline for all of it, however many are asked.
        #expect(ContinuousClock.now - begin < .seconds(20))
        guard case .failure(let failure) = await search([candidates[1], candidates[2]], .seconds(30)) else {
            return #expect(Bool(false), "no node has answered")
        }
        #expect(failure.message.contains("CLUSTERDOWN"))
        for store in [silent, cutOff, node.store] { await store.stop() }
    }
}
