import Testing

@testable import Lab

/// What a rule has decided about is counted: a rule that was never tried is not known to hold.
@Suite("The oracle, on which rules it has judged by")
struct OracleRuleTests {
    private var stage = OracleStage()

    private func judged() -> [Rule: Int] {
        Dictionary(uniqueKeysWithValues: Rule.allCases.map { ($0, stage.oracle.tally.judged(by: $0)) })
            .filter { $0.value > 0 }
    }

    @Test("Only an answer about a token that a rule refuses counts, whatever it was")
    mutating func revoked() {
        let login = stage.logIn(sentAt: 0, at: 10)
        _ = stage.judge(login.access, sentAt: 20, at: 30)
        #expect(judged().isEmpty)
        let logOut = stage.logOutSent(login.session, at: 100)
        _ = stage.judge(login.access, sentAt: 110, at: 120)
        #expect(judged().isEmpty)
        stage.oracle.ended(logOut, .acknowledged, at: 200)
        _ = stage.judge(login.access, sentAt: 210, at: 220)
        #expect(judged() == [.session: 2])
        _ = stage.oracle.checked(login.access, .unavailable, to: Question(node: 0, sentAt: 230), at: 240)
        #expect(judged() == [.session: 2])
    }

    @Test("A route that lets revoked tokens pass tries no rule; one that remembers tries its own")
    mutating func policies() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let logOut = stage.logOutSent(login.session, to: 1, at: 100)
        stage.oracle.ended(logOut, .acknowledged, at: 200)
        _ = stage.judge(login.access, sentAt: 210, at: 220, policy: .allow)
        _ = stage.judge(login.access, sentAt: 210, at: 220, policy: .lastKnown(1_000))
        #expect(judged().isEmpty)
        _ = stage.judge(login.access, sentAt: 2_000, at: 2_010, policy: .lastKnown(1_000))
        _ = stage.judge(login.access, sentAt: 210, at: 220, node: 1, policy: .lastKnown(1_000))
        #expect(judged() == [.lastKnownBound: 2, .lastKnownLocal: 2])
    }

    @Test(
        "A second presentation, a wrong password, an expired token, one from the future and a forbidden one each count")
    mutating func others() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.oracle.presented(login.refresh, to: 0, at: 100)
        _ = stage.oracle.answered(first, .accepted, at: 200)
        #expect(judged().isEmpty)
        let second = stage.oracle.presented(login.refresh, to: 0, at: 300)
        _ = stage.oracle.answered(second, .refused, at: 400)
        #expect(judged() == [.rotation: 1])
        _ = stage.oracle.authenticated(.refused, hasRightPassword: false)
        _ = stage.oracle.authenticated(.accepted, hasRightPassword: true)
        let late = OracleStage.expiry + 2 * OracleStage.second
        let other = stage.logIn(sentAt: 0, at: 10)
        _ = stage.judge(other.access, sentAt: late, at: late)
        other.access.validFrom = 10 * OracleStage.second
        _ = stage.judge(other.access, sentAt: 20, at: 30)
        other.access.forbidden = .unknownKey
        _ = stage.judge(other.access, sentAt: 20, at: 30)
        #expect(judged() == [.rotation: 1, .password: 1, .expiry: 2, .future: 2, .unknownKey: 2])
    }

    @Test("A long run has to try whatever it has operations for; a short one does not")
    func rulesToJudge() {
        var plan = NodeLoadPlan(nodes: [], seed: 1)
        plan.end = .after(.seconds(8))
        #expect(plan.rulesToJudge.isEmpty)
        plan.end = .answers(1_000_000)
        #expect(plan.rulesToJudge == [.session, .subject, .rotation, .password, .kind])
        plan.administrator = "secret"
        plan.issuers = OtherIssuer.two(lead: .seconds(2), keySets: "/nowhere")
        plan.nodes = [NodeProfile(url: "", policy: .lastKnown(1))]
        #expect(plan.rulesToJudge.isSuperset(of: [.client, .key, .expiry, .future, .lifetime, .unknownKey]))
        #expect(plan.rulesToJudge.isSuperset(of: [.lastKnownBound, .lastKnownLocal]))
        #expect(plan.rulesToJudge.isDisjoint(with: [.token, .all, .withdrawnKey]))
    }

    @Test("What is rare is tried once early, and again until an answer was judged")
    func firstTrials() {
        let second: Int64 = 1_000_000_000
        var trials = FirstTrials([.token, .key])
        #expect(!trials.isDue(.token, after: 1 * second))
        #expect(!trials.isDue(.session, after: 100 * second))
        #expect(trials.isDue(.token, after: 20 * second))
        trials.send(.token, after: 20 * second)
        #expect(!trials.isDue(.token, after: 21 * second))
        #expect(trials.isDue(.key, after: 21 * second))
        #expect(trials.isDue(.token, after: 26 * second))
        trials.end(.token)
        #expect(!trials.isDue(.token, after: 100 * second))
    }
}
