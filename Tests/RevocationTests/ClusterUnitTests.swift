import Contract
import Testing

@testable import Revocation

@Suite struct ClusterUnitTests {
    /// As `CLUSTER KEYSLOT` of redis-server 7.0 says.
    @Test(arguments: [
        ("", 0), ("123456789", 12_739), ("foo", 12_182), ("{foo}bar", 12_182), ("a{foo}{b}", 12_182),
        ("foo{}bar", 14_292),
        ("foo{{bar}}zap", 4_015), ("foo{bar", 15_278),
    ])
    func slots(key: String, slot: Int) {
        #expect(ClusterSlot.of(key) == slot)
    }

    @Test func everySlotHasAnEpochOfItsOwn() {
        #expect(ClusterSlot.tags.count == ClusterSlot.count)
        for slot in stride(from: 0, to: ClusterSlot.count, by: 7) {
            #expect(ClusterSlot.of(ClusterSlot.epochKey(of: slot)) == slot)
        }
    }

    private let asked = StoreURL.Location.tcp(host: "h", port: 1)

    private func error(_ text: String) -> Reply { .error(Array(text.utf8)) }

    @Test func redirections() {
        #expect(
            ClusterRedirection(error("MOVED 3999 10.0.0.1:6381"), asked: asked)
                == .moved(slot: 3_999, .tcp(host: "10.0.0.1", port: 6_381)))
        #expect(ClusterRedirection(error("ASK 1 ::1:7"), asked: asked) == .ask(.tcp(host: "::1", port: 7)))
        // Without a host it is the one that was asked.
        #expect(ClusterRedirection(error("MOVED 1 :7"), asked: asked) == .moved(slot: 1, .tcp(host: "h", port: 7)))
        #expect(ClusterRedirection(error("TRYAGAIN Multiple keys"), asked: asked) == .tryAgain)
        for text in ["ERR x", "MOVED", "MOVED x h:1", "MOVED 16384 h:1", "MOVED 1 h", "MOVED 1 h:0", "ASK -1 h:1", ""] {
            #expect(ClusterRedirection(error(text), asked: asked) == nil)
        }
        #expect(ClusterRedirection(.bulk(Array("MOVED 1 h:1".utf8)), asked: asked) == nil)
    }

    @Test func aTopologyThatIsNoneIsRefused() throws {
        func range(_ first: Int64, _ last: Int64, _ host: String, _ port: Int64) -> Reply {
            .array([.integer(first), .integer(last), .array([.bulk(Array(host.utf8)), .integer(port)])])
        }
        var topology = try ClusterTopology(
            .array([range(0, 99, "a", 1), range(100, 16_383, "", 2)]), asked: asked)
        #expect(topology[99] == .tcp(host: "a", port: 1))
        #expect(topology[100] == .tcp(host: "h", port: 2))
        topology.move(100, to: .tcp(host: "c", port: 3))
        #expect(topology[100] == .tcp(host: "c", port: 3))
        #expect(topology.primaries.count == 3)
        for reply in [
            Reply.null, .array([.null]), .array([range(-1, 1, "a", 1)]), .array([range(0, 16_384, "a", 1)]),
            .array([range(2, 1, "a", 1)]), .array([range(0, 1, "a", 70_000)]), error("ERR cluster support disabled"),
        ] {
            #expect(throws: StoreFailure.self) { try ClusterTopology(reply, asked: asked) }
        }
        #expect(try ClusterTopology(.array([]), asked: asked)[0] == nil)
    }
}
