import Testing

@testable import LoadHarness

@Suite("The oracle, on refreshes")
struct OracleRefreshTests {
    private var stage = OracleStage()

    private static let mustAccept: [Judgement] = [.rightlyAccepted, .falseRejection]
    private static let mustRefuse: [Judgement] = [.violation, .rightlyRefused]
    private static let unacknowledged: [Judgement] = [.eitherUnacknowledged, .eitherUnacknowledged]

    @Test("A fresh token must be exchanged; the access token of before goes on")
    mutating func exchange() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let presentation = stage.oracle.presented(login.refresh, at: 100)
        #expect(stage.oracle.answered(presentation, .accepted, at: 200) == .rightlyAccepted)
        #expect(stage.judge(login.access, sentAt: 300, at: 310) == Self.mustAccept)
        let other = stage.logIn(sentAt: 0, at: 10)
        let refused = stage.oracle.presented(other.refresh, at: 100)
        #expect(stage.oracle.answered(refused, .refused, at: 200) == .falseRejection)
    }

    @Test("Used again it is refused and ends the session: both its old and its new tokens")
    mutating func reuse() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.oracle.presented(login.refresh, at: 100)
        _ = stage.oracle.answered(first, .accepted, at: 200)
        let new = stage.issue(.access, login.session, sentAt: 100, at: 200)
        let second = stage.oracle.presented(login.refresh, at: 300)
        #expect(stage.judge(new, sentAt: 310, at: 320) == [.eitherDuringRevocation, .eitherDuringRevocation])
        #expect(stage.oracle.answered(second, .refused, wasUsed: true, at: 400) == .rightlyRefused)
        #expect(stage.judge(new, sentAt: 401, at: 410) == Self.mustRefuse)
        #expect(stage.judge(login.access, sentAt: 401, at: 410) == Self.mustRefuse)
    }

    @Test("Exchanged twice is a violation, also of presentations at once: the family has forked")
    mutating func fork() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.oracle.presented(login.refresh, at: 100)
        let second = stage.oracle.presented(login.refresh, at: 101)
        #expect(stage.oracle.answered(second, .accepted, at: 200) == .eitherDuringRevocation)
        #expect(stage.oracle.answered(first, .accepted, at: 201) == .violation)
    }

    @Test("Of two at once either may win; the loser ends the session, and until its answer nobody knows")
    mutating func race() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.oracle.presented(login.refresh, at: 100)
        let second = stage.oracle.presented(login.refresh, at: 101)
        #expect(stage.oracle.answered(second, .accepted, at: 200) == .eitherDuringRevocation)
        #expect(stage.oracle.checked(login.access, .refused, sentAt: 210, at: 220) == .eitherDuringRevocation)
        #expect(stage.oracle.answered(first, .refused, wasUsed: true, at: 230) == .eitherDuringRevocation)
        #expect(stage.judge(login.access, sentAt: 240, at: 250) == Self.mustRefuse)
    }

    @Test("After a 503 the same token may be presented again, and may turn out used")
    mutating func unavailable() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.oracle.presented(login.refresh, at: 100)
        #expect(stage.oracle.answered(first, .unavailable, at: 200) == .unavailable)
        #expect(stage.judge(login.access, sentAt: 210, at: 220) == Self.mustAccept)
        let second = stage.oracle.presented(login.refresh, at: 300)
        #expect(stage.oracle.answered(second, .accepted, at: 400) == .eitherDuringRevocation)
        #expect(stage.judge(login.access, sentAt: 410, at: 420) == Self.mustAccept)

        let other = stage.logIn(sentAt: 0, at: 10)
        let lost = stage.oracle.presented(other.refresh, at: 100)
        _ = stage.oracle.answered(lost, .unavailable, at: 200)
        let again = stage.oracle.presented(other.refresh, at: 300)
        #expect(stage.oracle.answered(again, .refused, wasUsed: true, at: 400) == .eitherDuringRevocation)
        #expect(stage.judge(other.access, sentAt: 410, at: 420) == Self.mustRefuse)
    }

    @Test("Presented again without an answer, its session may have ended")
    mutating func unsettled() {
        let login = stage.logIn(sentAt: 0, at: 10)
        for time: Int64 in [100, 300] {
            let presentation = stage.oracle.presented(login.refresh, at: time)
            _ = stage.oracle.answered(presentation, .unavailable, at: time + 100)
        }
        #expect(stage.judge(login.access, sentAt: 500, at: 510) == Self.unacknowledged)
    }

    @Test("Falls under a log-out everywhere like any token, and what it was exchanged for before, too")
    mutating func cutOff() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let presentation = stage.oracle.presented(login.refresh, at: 20)
        _ = stage.oracle.answered(presentation, .accepted, at: 30)
        let new = stage.issue(.refresh, login.session, sentAt: 20, at: 30)
        let other = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.oracle.logOutEverywhereSent(other.session, keepsCurrent: false, at: 100)
        _ = stage.oracle.answered(revocation, by: other.access, .accepted, at: 200)
        let late = stage.oracle.presented(new, at: 300)
        #expect(stage.oracle.answered(late, .accepted, at: 310) == .violation)
    }
}
