import Testing

@testable import Lab

@Suite("The oracle, on what a node may do while its store is away, and on tokens that no node may accept")
struct OraclePolicyTests {
    private var stage = OracleStage()
    private let second = OracleStage.second

    /// A token that node 1 was told to revoke, and did.
    private mutating func revoked() -> TokenRecord {
        let login = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.logOutSent(login.session, to: 1, at: 100)
        stage.oracle.ended(revocation, .acknowledged, at: 200)
        return login.access
    }

    @Test("A revoked token that a route lets through because it allows everything is counted apart")
    mutating func allow() {
        let token = revoked()
        #expect(stage.judge(token, sentAt: 300, at: 310, policy: .allow) == [.lenient, .rightlyRefused])
        #expect(stage.oracle.tally.lenient == 1)
        #expect(stage.oracle.tally.judged == 1)
        #expect(stage.oracle.tally.violations == 0)
    }

    @Test("Last-known may not have heard of a revocation for as long as its bound, and no longer")
    mutating func lastKnownBound() {
        let token = revoked()
        let policy = RoutePolicy.lastKnown(2 * second)
        #expect(stage.judge(token, sentAt: 2 * second, at: 3 * second, policy: policy) == [.lenient, .rightlyRefused])
        #expect(
            stage.judge(token, sentAt: 2 * second + 201, at: 3 * second, policy: policy)
                == [.violation(.lastKnownBound), .rightlyRefused])
    }

    @Test("Last-known never passes over what the node has revoked itself")
    mutating func lastKnownLocal() {
        let token = revoked()
        #expect(
            stage.judge(token, sentAt: 300, at: 310, node: 1, policy: .lastKnown(2 * second))
                == [.violation(.lastKnownLocal), .rightlyRefused])
    }

    @Test("No policy accepts an expired token")
    mutating func expired() {
        let login = stage.logIn(sentAt: 0, at: 10, expiresAt: 10 * second)
        for policy in [RoutePolicy.deny, .allow, .lastKnown(60 * second)] {
            #expect(
                stage.judge(login.access, sentAt: 12 * second, at: 13 * second, policy: policy)
                    == [.violation(.expiry), .rightlyRefused])
        }
    }

    @Test("A refresh token is no access token")
    mutating func kind() {
        let login = stage.logIn(sentAt: 0, at: 10)
        #expect(
            stage.judge(login.refresh.asAccess(), sentAt: 20, at: 30) == [.violation(.kind), .rightlyRefused])
        #expect(stage.judge(login.refresh, sentAt: 20, at: 30) == OracleStage.mustAccept)
    }

    @Test("A token from the future must be refused until its time has come")
    mutating func future() {
        let login = stage.logIn(sentAt: 0, at: 10)
        login.access.validFrom = 10 * second
        #expect(stage.judge(login.access, sentAt: 20, at: 30) == [.violation(.future), .rightlyRefused])
        #expect(
            stage.judge(login.access, sentAt: 10 * second, at: 10 * second + 1) == [.eitherAtExpiry, .eitherAtExpiry])
        #expect(stage.judge(login.access, sentAt: 11 * second, at: 12 * second) == OracleStage.mustAccept)
    }

    @Test("A key that its issuer withdraws is refused once every node must have noticed")
    mutating func withdrawnKey() {
        let login = stage.logIn(sentAt: 0, at: 10)
        login.access.key.withdrawal.sent(at: 100)
        #expect(stage.judge(login.access, sentAt: 150, at: 160) == OracleStage.during)
        login.access.key.withdrawal.end(.acknowledged, by: -1, at: 200)
        #expect(stage.judge(login.access, sentAt: 300, at: 310) == [.violation(.withdrawnKey), .rightlyRefused])
    }
}
