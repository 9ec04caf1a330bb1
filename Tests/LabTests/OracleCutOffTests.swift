import Testing

@testable import Lab

@Suite("The oracle, on log-outs everywhere")
struct OracleCutOffTests {
    private var stage = OracleStage()

    @Test("Ends every session that was there, and no log-in after it: in the same second, too")
    mutating func everywhere() {
        let first = stage.logIn(sentAt: 0, at: 10)
        let second = stage.logIn(sentAt: 0, at: 20)
        let revocation = stage.logOutEverywhereSent(first.session, at: 100)
        #expect(stage.oracle.answered(revocation, by: first.access, .accepted, at: 200) == .rightlyAccepted)
        for token in [first.access, first.refresh, second.access, second.refresh] where token.kind == .access {
            #expect(stage.judge(token, sentAt: 201, at: 210).mustBeRefused)
        }
        let again = stage.logIn(sentAt: 201, at: 220)
        #expect(stage.judge(again.access, sentAt: 221, at: 230) == OracleStage.mustAccept)
        let presentation = stage.oracle.presented(again.refresh, to: 0, at: 240)
        #expect(stage.oracle.answered(presentation, .refused, at: 250) == .falseRejection)
    }

    @Test("Touches no other subject")
    mutating func otherSubject() {
        let other = CutOffScope()
        let theirs = stage.logIn(sentAt: 0, at: 10, subject: other)
        let ours = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.logOutEverywhereSent(ours.session, at: 100)
        _ = stage.oracle.answered(revocation, by: ours.access, .accepted, at: 200)
        #expect(stage.judge(theirs.access, sentAt: 300, at: 310) == OracleStage.mustAccept)
    }

    @Test("Whether a log-in under way meanwhile came first is unknown until its session is ended")
    mutating func concurrentLogIn() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.logOutEverywhereSent(login.session, at: 100)
        let during = stage.logIn(sentAt: 110, at: 150)
        _ = stage.oracle.answered(revocation, by: login.access, .accepted, at: 200)
        let across = stage.logIn(sentAt: 190, at: 250)
        let after = stage.logIn(sentAt: 201, at: 250)
        #expect(stage.judge(during.access, sentAt: 300, at: 310) == OracleStage.concurrent)
        #expect(stage.judge(across.access, sentAt: 300, at: 310) == OracleStage.concurrent)
        #expect(stage.judge(after.access, sentAt: 300, at: 310) == OracleStage.mustAccept)
        let logOut = stage.logOutSent(across.session, at: 400)
        stage.oracle.ended(logOut, .acknowledged, at: 500)
        #expect(stage.judge(across.access, sentAt: 600, at: 610).mustBeRefused)
    }

    @Test("The session that is kept goes on with its new tokens only")
    mutating func keepsCurrent() {
        let kept = stage.logIn(sentAt: 0, at: 10)
        let other = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.logOutEverywhereSent(kept.session, keepsCurrent: true, at: 100)
        let new = stage.kept(kept.session, by: revocation, at: 200)
        #expect(stage.oracle.answered(revocation, by: kept.access, .accepted, at: 200) == .rightlyAccepted)
        #expect(stage.judge(new, sentAt: 210, at: 220) == OracleStage.mustAccept)
        #expect(stage.judge(kept.access, sentAt: 210, at: 220).mustBeRefused)
        #expect(stage.judge(other.access, sentAt: 210, at: 220).mustBeRefused)
    }

    @Test("The new tokens of a kept session fall under another log-out everywhere that was under way")
    mutating func keepsCurrentAmongOthers() {
        let kept = stage.logIn(sentAt: 0, at: 10)
        let other = stage.logIn(sentAt: 0, at: 10)
        let keeping = stage.logOutEverywhereSent(kept.session, keepsCurrent: true, at: 100)
        let ending = stage.logOutEverywhereSent(other.session, at: 110)
        let new = stage.kept(kept.session, by: keeping, at: 200)
        _ = stage.oracle.answered(keeping, by: kept.access, .accepted, at: 200)
        _ = stage.oracle.answered(ending, by: other.access, .accepted, at: 210)
        #expect(stage.judge(new, sentAt: 220, at: 230) == OracleStage.concurrent)
    }

    @Test("Refused to a good token it is a false rejection, and has ended nothing")
    mutating func refused() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.logOutEverywhereSent(login.session, at: 100)
        #expect(stage.oracle.answered(revocation, by: login.access, .refused, at: 200) == .falseRejection)
        #expect(stage.judge(login.access, sentAt: 300, at: 310) == OracleStage.mustAccept)
        let next = stage.logIn(sentAt: 150, at: 320)
        #expect(stage.judge(next.access, sentAt: 330, at: 340) == OracleStage.mustAccept)
    }

    @Test("Granted to a revoked token it is a violation; refused, it is right")
    mutating func byRevokedToken() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let logOut = stage.logOutSent(login.session, at: 100)
        stage.oracle.ended(logOut, .acknowledged, at: 200)
        let first = stage.logOutEverywhereSent(login.session, at: 300)
        #expect(stage.oracle.answered(first, by: login.access, .refused, at: 310) == .rightlyRefused)
        let second = stage.logOutEverywhereSent(login.session, at: 320)
        #expect(stage.oracle.answered(second, by: login.access, .accepted, at: 330).isViolation)
    }

    @Test("Without an answer all that was there may be either; what is issued later must live")
    mutating func unacknowledged() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.logOutEverywhereSent(login.session, at: 100)
        #expect(stage.oracle.answered(revocation, by: login.access, .unavailable, at: 200) == .unavailable)
        #expect(stage.judge(login.access, sentAt: 300, at: 310) == OracleStage.unacknowledged)
        let next = stage.logIn(sentAt: 201, at: 320)
        #expect(stage.judge(next.access, sentAt: 330, at: 340) == OracleStage.mustAccept)
        let again = stage.logOutEverywhereSent(next.session, at: 400)
        _ = stage.oracle.answered(again, by: next.access, .accepted, at: 500)
        #expect(stage.judge(login.access, sentAt: 600, at: 610).mustBeRefused)
    }

    @Test("What a refresh brings has the log-in of the token that was presented: a cut-off under way ends it, too")
    mutating func refreshedMeanwhile() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let other = stage.logIn(sentAt: 0, at: 10)
        let refresh = stage.oracle.presented(login.refresh, to: 1, at: 90)
        let revocation = stage.logOutEverywhereSent(other.session, at: 100)
        #expect(stage.oracle.answered(refresh, .accepted, at: 150) == .eitherDuringRevocation)
        let new = stage.refreshed(login.refresh)
        #expect(stage.judge(new, sentAt: 160, at: 170) == OracleStage.during)
        _ = stage.oracle.answered(revocation, by: other.access, .accepted, at: 200)
        #expect(stage.judge(new, sentAt: 201, at: 210) == [.violation(.subject), .rightlyRefused])
        let late = stage.oracle.presented(stage.refreshed(login.refresh, .refresh), to: 1, at: 300)
        #expect(stage.oracle.answered(late, .accepted, at: 310) == .violation(.subject))
    }

    @Test("Of several acknowledged cut-offs the first that was sent after the log-in had ended counts")
    mutating func several() {
        let early = stage.logIn(sentAt: 0, at: 10)
        let first = stage.oracle.revocationSent([.cutOff(stage.subject)], at: 100)
        let second = stage.oracle.revocationSent([.cutOff(stage.subject)], at: 110)
        // The later one is acknowledged first.
        stage.oracle.ended(second, .acknowledged, at: 200)
        let between = stage.logIn(sentAt: 201, at: 220)
        stage.oracle.ended(first, .acknowledged, at: 300)
        #expect(early.access.revokedFrom == 200)
        #expect(stage.judge(early.access, sentAt: 250, at: 260).mustBeRefused)
        #expect(stage.judge(between.access, sentAt: 310, at: 320) == OracleStage.concurrent)
        let third = stage.oracle.revocationSent([.cutOff(stage.subject)], at: 400)
        stage.oracle.ended(third, .acknowledged, at: 500)
        #expect(between.access.revokedFrom == 500)
        #expect(early.access.revokedFrom == 200)
    }

    @Test("A cut-off of a client or of all covers the tokens of it and no others, a revoked key all that it signed")
    mutating func otherScopes() {
        let one = stage.logIn(sentAt: 0, at: 10, subject: CutOffScope(), text: OracleStage.text(client: "one"))
        let two = stage.logIn(sentAt: 0, at: 10, subject: CutOffScope(), text: OracleStage.text(client: "two"))
        let client = stage.oracle.revocationSent([.cutOff(stage.issuer.client("one"))], at: 100)
        stage.oracle.ended(client, .acknowledged, at: 200)
        #expect(stage.judge(one.access, sentAt: 300, at: 310) == [.violation(.client), .rightlyRefused])
        #expect(stage.judge(two.access, sentAt: 300, at: 310) == OracleStage.mustAccept)
        let all = stage.oracle.revocationSent([.cutOff(stage.issuer.all)], at: 400)
        stage.oracle.ended(all, .acknowledged, at: 500)
        #expect(stage.judge(two.access, sentAt: 600, at: 610) == [.violation(.all), .rightlyRefused])

        let key = stage.oracle.revocationSent([.key(stage.issuer.key("k"))], at: 700)
        stage.oracle.ended(key, .acknowledged, at: 800)
        let later = stage.logIn(sentAt: 900, at: 910)
        #expect(stage.judge(later.access, sentAt: 920, at: 930) == [.violation(.key), .rightlyRefused])
        let other = stage.logIn(sentAt: 900, at: 910, text: OracleStage.text(key: "other"))
        #expect(stage.judge(other.access, sentAt: 920, at: 930) == OracleStage.mustAccept)
    }
}
