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

    private func answer(_ replies: [Reply], proof: [Reply]) -> ClusterAnswer {
        ClusterAnswer(replies: replies, proof: proof, time: nil)
    }

    /// Whatever part of a group is sent on, one node is asked for all of it again.
    @Test func aGroupIsAnsweredByOneNode() {
        let other = StoreURL.Location.tcp(host: "t", port: 2)
        let (ask, moved) = (error("ASK 5 t:2"), error("MOVED 5 t:2"))
        let (value, epoch) = (Reply.bulk([1]), Reply.bulk([2]))
        let first = ClusterAttempt(group: 3)
        #expect(first.step(after: answer([value, .null], proof: [epoch]), of: asked) == .done)
        #expect(first.step(after: answer([error("OOM")], proof: [epoch]), of: asked) == .done)

        var atTarget = ClusterAttempt(group: 3)
        (atTarget.target, atTarget.isAsking, atTarget.proofTurn) = (other, true, 1)
        #expect(first.step(after: answer([value, ask], proof: [epoch]), of: asked) == .again(atTarget))
        #expect(
            atTarget.step(after: answer([moved], proof: [epoch]), of: other)
                == .moved(slot: 5, to: other, again: first))
        #expect(atTarget.step(after: answer([error("TRYAGAIN x")], proof: [epoch]), of: other) == .again(atTarget))

        // It has the key, and its slot's epoch has gone ahead: another slot's proves its memory.
        var proven = ClusterAttempt(group: 3)
        (proven.target, proven.proofTurn) = (asked, 1)
        #expect(first.step(after: answer([value], proof: [epoch, ask]), of: asked) == .again(proven))
        #expect(
            first.step(after: answer([value], proof: [moved]), of: asked) == .moved(slot: 5, to: other, again: proven))
        var further = proven
        further.proofTurn = 2
        #expect(proven.step(after: answer([value], proof: [ask]), of: asked) == .again(further))
    }

    @Test func aNodeProvesItselfByAnotherOfItsSlots() throws {
        func range(_ first: Int64, _ last: Int64, _ host: String) -> Reply {
            .array([.integer(first), .integer(last), .array([.bulk(Array(host.utf8)), .integer(1)])])
        }
        let topology = try ClusterTopology(
            .array([range(0, 9, "a"), range(10, 10, "b"), range(11, 16_383, "c")]), asked: asked)
        #expect(topology.slot(of: .tcp(host: "a", port: 1), besides: 0, number: 0) == 1)
        #expect(topology.slot(of: .tcp(host: "a", port: 1), besides: 4, number: 9) == 0)
        #expect(topology.slot(of: .tcp(host: "b", port: 1), besides: 4, number: 7) == 10)
        #expect(topology.slot(of: .tcp(host: "b", port: 1), besides: 10, number: 0) == nil)
        #expect(topology.slot(of: .tcp(host: "d", port: 1), besides: 4, number: 0) == nil)
    }

    @Test func whatIsReadOfACluster() throws {
        let look = ClusterLookUp(["a", Epoch.key, "b", "c"], after: Command("SET", "b"), of: "b")
        #expect(look.groups.map(\.slot) == ["b", "a", "c"].map { ClusterSlot.of($0) })
        #expect(look.groups.map { $0.commands.count } == [2, 1, 1])
        func answers(_ epochs: [Reply]) -> [ClusterAnswer] {
            zip(epochs, [30, 10, 20] as [Int64]).map { epoch, time in
                ClusterAnswer(replies: [.null, .bulk([UInt8(time)])], proof: [epoch], time: time)
            }
        }
        let values = try look.values(answers([.bulk([7]), .bulk([7]), .bulk([7])]))
        #expect(values.values == [[10], [7], [30], [20]])
        // Each by the clock of the node that it will be written to; the epoch by the earliest.
        #expect(values.times == [10, 10, 30, 20])
        #expect(try look.values(answers([.bulk([7]), .null, .bulk([7])])).values[1] == nil)
        #expect(try look.values(answers([.bulk([7]), .bulk([8]), .bulk([7])])).values[1] == nil)
        #expect(throws: StoreFailure.self) { try look.values(answers([.bulk([7]), error("ERR"), .bulk([7])])) }
        #expect(throws: StoreFailure.self) { try look.values(answers([.bulk([7])])) }
        // Epoch and terms are of the same nodes.
        let terms = ClusterLookUp([Terms.key, Epoch.key])
        let proof = ClusterAnswer(replies: [.null], proof: [.bulk([1]), .bulk([2])], time: nil)
        #expect(terms.groups.count == 1)
        #expect(try terms.values([proof]).values == [[1], [2]])
        // A slot that lost its terms does not make them unwritten; what is written there is refused without them.
        let two = ClusterLookUp(["a", "b", Terms.key, Epoch.key])
        let bare = ClusterAnswer(replies: [.null], proof: [.null, .bulk([2])], time: nil)
        #expect(try two.values([bare, proof]).values == [nil, nil, [1], [2]])
        #expect(try two.values([bare, bare]).values == [nil, nil, nil, [2]])
    }

    @Test func nodesThatAreMadeUpAreRefused() {
        let ranges = (0..<1_001).map { index -> Reply in
            .array([.integer(index), .integer(index), .array([.bulk(Array("h\(index)".utf8)), .integer(1)])])
        }
        #expect(throws: StoreFailure.tooManyNodes) { try ClusterTopology(.array(ranges), asked: asked) }
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
