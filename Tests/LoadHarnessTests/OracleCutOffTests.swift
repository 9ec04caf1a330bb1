import Testing

@testable import LoadHarness

@Suite("The oracle, on log-outs everywhere")
struct OracleCutOffTests {
    private var stage = OracleStage()

    private static let mustAccept: [Judgement] = [.rightlyAccepted, .falseRejection]
    private static let mustRefuse: [Judgement] = [.violation, .rightlyRefused]
    private static let unacknowledged: [Judgement] = [.eitherUnacknowledged, .eitherUnacknowledged]

    @Test("Ends every session that was there, and no log-in after it: in the same second, too")
    mutating func everywhere() {
        let first = stage.logIn(sentAt: 0, at: 10)
        let second = stage.logIn(sentAt: 0, at: 20)
        let revocation = stage.oracle.logOutEverywhereSent(first.session, keepsCurrent: false, at: 100)
        #expect(stage.oracle.answered(revocation, by: first.access, .accepted, at: 200) == .rightlyAccepted)
        for token in [first.access, first.refresh, second.access, second.refresh] where token.kind == .access {
            #expect(stage.judge(token, sentAt: 201, at: 210) == Self.mustRefuse)
        }
        let again = stage.logIn(sentAt: 201, at: 220)
        #expect(stage.judge(again.access, sentAt: 221, at: 230) == Self.mustAccept)
        let presentation = stage.oracle.presented(again.refresh, at: 240)
        #expect(stage.oracle.answered(presentation, .refused, at: 250) == .falseRejection)
    }

    @Test("Touches no other subject")
    mutating func otherSubject() {
        let other = SubjectRecord()
        let theirs = stage.logIn(sentAt: 0, at: 10, subject: other)
        let ours = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.oracle.logOutEverywhereSent(ours.session, keepsCurrent: false, at: 100)
        _ = stage.oracle.answered(revocation, by: ours.access, .accepted, at: 200)
        #expect(stage.judge(theirs.access, sentAt: 300, at: 310) == Self.mustAccept)
    }

    @Test("Of a log-in under way meanwhile nobody knows which came first, until its session is ended")
    mutating func concurrentLogIn() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.oracle.logOutEverywhereSent(login.session, keepsCurrent: false, at: 100)
        let during = stage.logIn(sentAt: 110, at: 150)
        _ = stage.oracle.answered(revocation, by: login.access, .accepted, at: 200)
        let across = stage.logIn(sentAt: 190, at: 250)
        let after = stage.logIn(sentAt: 201, at: 250)
        #expect(stage.judge(during.access, sentAt: 300, at: 310) == Self.unacknowledged)
        #expect(stage.judge(across.access, sentAt: 300, at: 310) == Self.unacknowledged)
        #expect(stage.judge(after.access, sentAt: 300, at: 310) == Self.mustAccept)
        let logOut = stage.oracle.logOutSent(across.session, at: 400)
        stage.oracle.ended(logOut, .acknowledged, at: 500)
        #expect(stage.judge(across.access, sentAt: 600, at: 610) == Self.mustRefuse)
    }

    @Test("The session that is kept goes on with its new tokens only")
    mutating func keepsCurrent() {
        let kept = stage.logIn(sentAt: 0, at: 10)
        let other = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.oracle.logOutEverywhereSent(kept.session, keepsCurrent: true, at: 100)
        let new = stage.issue(.access, kept.session, sentAt: 100, at: 200, keptBy: revocation)
        #expect(stage.oracle.answered(revocation, by: kept.access, .accepted, at: 200) == .rightlyAccepted)
        #expect(stage.judge(new, sentAt: 210, at: 220) == Self.mustAccept)
        #expect(stage.judge(kept.access, sentAt: 210, at: 220) == Self.mustRefuse)
        #expect(stage.judge(other.access, sentAt: 210, at: 220) == Self.mustRefuse)
    }

    @Test("The new tokens of a kept session fall under another log-out everywhere that was under way")
    mutating func keepsCurrentAmongOthers() {
        let kept = stage.logIn(sentAt: 0, at: 10)
        let other = stage.logIn(sentAt: 0, at: 10)
        let keeping = stage.oracle.logOutEverywhereSent(kept.session, keepsCurrent: true, at: 100)
        let ending = stage.oracle.logOutEverywhereSent(other.session, keepsCurrent: false, at: 110)
        let new = stage.issue(.access, kept.session, sentAt: 100, at: 200, keptBy: keeping)
        _ = stage.oracle.answered(keeping, by: kept.access, .accepted, at: 200)
        _ = stage.oracle.answered(ending, by: other.access, .accepted, at: 210)
        #expect(stage.judge(new, sentAt: 220, at: 230) == Self.unacknowledged)
    }

    @Test("Refused to a good token it is a false rejection, and has ended nothing")
    mutating func refused() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.oracle.logOutEverywhereSent(login.session, keepsCurrent: false, at: 100)
        #expect(stage.oracle.answered(revocation, by: login.access, .refused, at: 200) == .falseRejection)
        #expect(stage.judge(login.access, sentAt: 300, at: 310) == Self.mustAccept)
        let next = stage.logIn(sentAt: 150, at: 320)
        #expect(stage.judge(next.access, sentAt: 330, at: 340) == Self.mustAccept)
    }

    @Test("Granted to a revoked token it is a violation; refused, it is right")
    mutating func byRevokedToken() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let logOut = stage.oracle.logOutSent(login.session, at: 100)
        stage.oracle.ended(logOut, .acknowledged, at: 200)
        let first = stage.oracle.logOutEverywhereSent(login.session, keepsCurrent: false, at: 300)
        #expect(stage.oracle.answered(first, by: login.access, .refused, at: 310) == .rightlyRefused)
        let second = stage.oracle.logOutEverywhereSent(login.session, keepsCurrent: false, at: 320)
        #expect(stage.oracle.answered(second, by: login.access, .accepted, at: 330) == .violation)
    }

    @Test("Without an answer all that was there may be either; what is issued later must live")
    mutating func unacknowledged() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.oracle.logOutEverywhereSent(login.session, keepsCurrent: false, at: 100)
        #expect(stage.oracle.answered(revocation, by: login.access, .unavailable, at: 200) == .unavailable)
        #expect(stage.judge(login.access, sentAt: 300, at: 310) == Self.unacknowledged)
        let next = stage.logIn(sentAt: 201, at: 320)
        #expect(stage.judge(next.access, sentAt: 330, at: 340) == Self.mustAccept)
        let again = stage.oracle.logOutEverywhereSent(next.session, keepsCurrent: false, at: 400)
        _ = stage.oracle.answered(again, by: next.access, .accepted, at: 500)
        #expect(stage.judge(login.access, sentAt: 600, at: 610) == Self.mustRefuse)
    }
}
