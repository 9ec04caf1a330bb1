import Testing

@testable import Lab

@Suite("Watching a revocation arrive")
struct NodesProberTests {
    private static let millisecond: Int64 = 1_000_000
    private var random = Random(seed: 1)
    private var prober = NodeProber(perSecond: 10, nodes: 3)
    private let token: TokenRecord

    init() {
        let stage = OracleStage()
        let user = SimulatedUser(name: "user", devices: 1, issuer: stage.issuer)
        token = stage.logIn(sentAt: 0, at: 0, subject: user.subject).access
        prober.begin(user.devices[0], token, random: &random, at: 0)
    }

    private var revoker: Int { prober.active?.revoker ?? -1 }
    private var others: [Int] { (0..<3).filter { $0 != revoker } }

    @Test(
        "Asks the other nodes, each millisecond, until it has refused; then tells the times since the acknowledgement")
    mutating func whole() throws {
        let (first, second) = (others[0], others[1])
        #expect(prober.nodesToAsk(Self.millisecond) == others)
        prober.asked(first, at: Self.millisecond)
        #expect(prober.nodesToAsk(Self.millisecond + 1) == [second])
        #expect(prober.nodesToAsk(2 * Self.millisecond).contains(first))
        #expect(!prober.shouldRevoke(7 * Self.millisecond))
        #expect(prober.shouldRevoke(8 * Self.millisecond))
        prober.revoked(at: 8 * Self.millisecond)
        #expect(!prober.shouldRevoke(9 * Self.millisecond))
        // Before the acknowledgement: no time at all has passed since it.
        prober.refused(token, by: first, at: 10 * Self.millisecond)
        let early = prober.takeOutcome(10 * Self.millisecond)
        #expect(early == nil)
        prober.revocationEnded(isAcknowledged: true, at: 11 * Self.millisecond)
        prober.refused(token, by: second, at: 14 * Self.millisecond)
        // Only the first refusal counts.
        prober.refused(token, by: second, at: 20 * Self.millisecond)
        let taken = prober.takeOutcome(20 * Self.millisecond)
        let outcome = try #require(taken)
        #expect(outcome.revocation == 3 * Self.millisecond)
        #expect(outcome.untilRefused.sorted() == [0, 3 * Self.millisecond])
        #expect(!prober.isActive)
    }

    @Test("Counts questions that come later than after 2 ms")
    mutating func late() {
        let node = others[0]
        for time: Int64 in [1, 3, 6] { prober.asked(node, at: time * Self.millisecond) }
        #expect(prober.late.asked == 2)
        #expect(prober.late.late == 1)
        #expect(prober.late.longest == 3 * Self.millisecond)
    }

    @Test("Gives up without an acknowledgement, and without a refusal for 10 s")
    mutating func givesUp() {
        prober.revoked(at: 0)
        prober.revocationEnded(isAcknowledged: false, at: 1)
        #expect(!prober.isActive)
        #expect(prober.late.abandoned == 1)
        #expect(prober.isDue(100 * Self.millisecond))
    }
}
