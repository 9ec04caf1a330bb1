import Testing

@testable import Lab

@Suite("The oracle, on refreshes")
struct OracleRefreshTests {
    private var stage = OracleStage()

    @Test("A fresh token must be exchanged; the access token of before goes on")
    mutating func exchange() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let presentation = stage.oracle.presented(login.refresh, to: 0, at: 100)
        #expect(stage.oracle.answered(presentation, .accepted, at: 200) == .rightlyAccepted)
        #expect(stage.judge(login.access, sentAt: 300, at: 310) == OracleStage.mustAccept)
        let other = stage.logIn(sentAt: 0, at: 10)
        let refused = stage.oracle.presented(other.refresh, to: 0, at: 100)
        #expect(stage.oracle.answered(refused, .refused, at: 200) == .falseRejection)
    }

    @Test("Used again it is refused and ends the session: both its old and its new tokens")
    mutating func reuse() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.oracle.presented(login.refresh, to: 0, at: 100)
        _ = stage.oracle.answered(first, .accepted, at: 200)
        let new = stage.refreshed(login.refresh, .access)
        let second = stage.oracle.presented(login.refresh, to: 0, at: 300)
        #expect(stage.judge(new, sentAt: 310, at: 320) == [.eitherDuringRevocation, .eitherDuringRevocation])
        #expect(stage.oracle.answered(second, .refused, wasUsed: true, at: 400) == .rightlyRefused)
        #expect(stage.judge(new, sentAt: 401, at: 410).mustBeRefused)
        #expect(stage.judge(login.access, sentAt: 401, at: 410).mustBeRefused)
    }

    @Test("Asked about, a refresh token may be used up once it was presented, and is when its successor has arrived")
    mutating func introspection() {
        let login = stage.logIn(sentAt: 0, at: 10)
        #expect(stage.judge(login.refresh, sentAt: 50, at: 60) == OracleStage.mustAccept)
        let presentation = stage.oracle.presented(login.refresh, to: 0, at: 100)
        #expect(stage.judge(login.refresh, sentAt: 110, at: 120)[1] == .eitherDuringRevocation)
        _ = stage.oracle.answered(presentation, .unavailable, at: 200)
        #expect(stage.judge(login.refresh, sentAt: 210, at: 220)[1] == .eitherDuringRevocation)
        let other = stage.logIn(sentAt: 0, at: 10)
        let exchange = stage.oracle.presented(other.refresh, to: 0, at: 100)
        _ = stage.oracle.answered(exchange, .accepted, at: 200)
        #expect(stage.judge(other.refresh, sentAt: 210, at: 220)[1] == .rightlyRefused)
    }

    @Test("Exchanged twice is a violation, also of presentations at once: the family has forked")
    mutating func fork() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.oracle.presented(login.refresh, to: 0, at: 100)
        let second = stage.oracle.presented(login.refresh, to: 0, at: 101)
        #expect(stage.oracle.answered(second, .accepted, at: 200) == .eitherDuringRevocation)
        #expect(stage.oracle.answered(first, .accepted, at: 201).isViolation)
    }

    @Test("Of two at once either may win; the loser ends the session, which is unknown until its answer")
    mutating func race() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.oracle.presented(login.refresh, to: 0, at: 100)
        let second = stage.oracle.presented(login.refresh, to: 0, at: 101)
        #expect(stage.oracle.answered(second, .accepted, at: 200) == .eitherDuringRevocation)
        #expect(
            stage.oracle.checked(login.access, .refused, to: Question(node: 0, sentAt: 210), at: 220)
                == .eitherDuringRevocation)
        #expect(stage.oracle.answered(first, .refused, wasUsed: true, at: 230) == .eitherDuringRevocation)
        #expect(stage.judge(login.access, sentAt: 240, at: 250).mustBeRefused)
    }

    @Test("After a 503 the same token may be presented again, and may turn out used")
    mutating func unavailable() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.oracle.presented(login.refresh, to: 0, at: 100)
        #expect(stage.oracle.answered(first, .unavailable, at: 200) == .unavailable)
        #expect(stage.judge(login.access, sentAt: 210, at: 220) == OracleStage.mustAccept)
        let second = stage.oracle.presented(login.refresh, to: 0, at: 300)
        #expect(stage.oracle.answered(second, .accepted, at: 400) == .eitherDuringRevocation)
        #expect(stage.judge(login.access, sentAt: 410, at: 420) == OracleStage.mustAccept)

        let other = stage.logIn(sentAt: 0, at: 10)
        let lost = stage.oracle.presented(other.refresh, to: 0, at: 100)
        _ = stage.oracle.answered(lost, .unavailable, at: 200)
        let again = stage.oracle.presented(other.refresh, to: 0, at: 300)
        #expect(stage.oracle.answered(again, .refused, wasUsed: true, at: 400) == .eitherDuringRevocation)
        #expect(stage.judge(other.access, sentAt: 410, at: 420).mustBeRefused)
    }

    @Test("Presented again without an answer, its session may have ended")
    mutating func unsettled() {
        let login = stage.logIn(sentAt: 0, at: 10)
        for time: Int64 in [100, 300] {
            let presentation = stage.oracle.presented(login.refresh, to: 0, at: time)
            _ = stage.oracle.answered(presentation, .unavailable, at: time + 100)
        }
        #expect(stage.judge(login.access, sentAt: 500, at: 510) == OracleStage.unacknowledged)
    }

    @Test("Falls under a log-out everywhere like any token, and what it was exchanged for before, too")
    mutating func cutOff() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let presentation = stage.oracle.presented(login.refresh, to: 0, at: 20)
        _ = stage.oracle.answered(presentation, .accepted, at: 30)
        let new = stage.refreshed(login.refresh, .refresh)
        let other = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.logOutEverywhereSent(other.session, at: 100)
        _ = stage.oracle.answered(revocation, by: other.access, .accepted, at: 200)
        let late = stage.oracle.presented(new, to: 0, at: 300)
        #expect(stage.oracle.answered(late, .accepted, at: 310).isViolation)
    }

    @Test("Within the grace a second presenter gets the same successor, and neither is refused")
    mutating func grace() {
        let second = OracleStage.second
        stage.oracle = Oracle(expiryBand: second, rotationGrace: 10 * second)
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.oracle.presented(login.refresh, to: 0, at: 100)
        let twin = stage.oracle.presented(login.refresh, to: 1, at: 101)
        #expect(stage.oracle.answered(first, .accepted, successor: "a", at: 200) == .rightlyAccepted)
        #expect(stage.oracle.answered(twin, .accepted, successor: "a", at: 210) == .rightlyAccepted)
        let again = stage.oracle.presented(login.refresh, to: 1, at: 2 * second)
        #expect(stage.oracle.answered(again, .refused, at: 2 * second + 1) == .falseRejection)
        let other = stage.oracle.presented(login.refresh, to: 1, at: 3 * second)
        #expect(stage.oracle.answered(other, .accepted, successor: "b", at: 3 * second + 1) == .violation(.rotation))
        let late = stage.oracle.presented(login.refresh, to: 1, at: 12 * second)
        #expect(
            stage.oracle.answered(late, .accepted, successor: "a", at: 12 * second + 1) == .violation(.rotation))
    }

    @Test("After the grace a used token ends its session; whether one without an answer did is unknown")
    mutating func afterGrace() {
        let second = OracleStage.second
        stage.oracle = Oracle(expiryBand: second, rotationGrace: 10 * second)
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.oracle.presented(login.refresh, to: 0, at: 100)
        _ = stage.oracle.answered(first, .accepted, successor: "a", at: 200)
        #expect(stage.judge(login.access, sentAt: 300, at: 310) == OracleStage.mustAccept)
        let late = stage.oracle.presented(login.refresh, to: 1, at: 20 * second)
        #expect(stage.judge(login.access, sentAt: 20 * second, at: 20 * second + 1) == OracleStage.during)
        #expect(stage.oracle.answered(late, .refused, wasUsed: true, at: 20 * second + 2) == .rightlyRefused)
        #expect(stage.judge(login.access, sentAt: 20 * second + 3, at: 20 * second + 4).mustBeRefused)

        let other = stage.logIn(sentAt: 0, at: 10)
        _ = stage.oracle.answered(
            stage.oracle.presented(other.refresh, to: 0, at: 100), .accepted, successor: "a", at: 200)
        let lost = stage.oracle.presented(other.refresh, to: 1, at: 300)
        #expect(stage.judge(other.access, sentAt: 310, at: 320) == OracleStage.mustAccept)
        _ = stage.oracle.answered(lost, .unavailable, at: 400)
        #expect(stage.judge(other.access, sentAt: 500, at: 510) == OracleStage.unacknowledged)
    }
}
