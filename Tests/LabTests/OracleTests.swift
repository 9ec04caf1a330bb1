import Testing

@testable import Lab

@Suite("The oracle, on checks and log-outs")
struct OracleTests {
    private var stage = OracleStage()
    private let second = OracleStage.second

    @Test("A token that was not revoked must be accepted")
    mutating func live() {
        let login = stage.logIn(sentAt: 0, at: 10)
        #expect(stage.judge(login.access, sentAt: 10, at: 20) == OracleStage.mustAccept)
    }

    @Test("What counts is when the check was sent and the acknowledgement received")
    mutating func logOut() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.logOutSent(login.session, at: 100)
        // Answered before the log-out was sent: nothing could have revoked it.
        #expect(stage.judge(login.access, sentAt: 50, at: 99) == OracleStage.mustAccept)
        #expect(stage.judge(login.access, sentAt: 50, at: 100) == OracleStage.during)
        #expect(stage.judge(login.access, sentAt: 150, at: 160) == OracleStage.during)
        stage.oracle.ended(revocation, .acknowledged, at: 200)
        #expect(stage.judge(login.access, sentAt: 199, at: 300) == OracleStage.during)
        #expect(stage.judge(login.access, sentAt: 200, at: 300) == OracleStage.during)
        #expect(stage.judge(login.access, sentAt: 201, at: 300).mustBeRefused)
    }

    @Test("A log-out ends the refresh token too, and what a refresh under way brings")
    mutating func logOutCoversSession() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.logOutSent(login.session, at: 100)
        stage.oracle.ended(revocation, .acknowledged, at: 200)
        let late = stage.refreshed(login.refresh, .access)
        #expect(stage.judge(late, sentAt: 220, at: 230).mustBeRefused)
        let presentation = stage.oracle.presented(login.refresh, to: 0, at: 220)
        #expect(stage.oracle.answered(presentation, .accepted, at: 230).isViolation)
    }

    @Test("Another session of the same subject is not touched by a log-out")
    mutating func otherSession() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let other = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.logOutSent(login.session, at: 100)
        stage.oracle.ended(revocation, .acknowledged, at: 200)
        #expect(stage.judge(other.access, sentAt: 300, at: 310) == OracleStage.mustAccept)
    }

    @Test("Without an answer a token may be either, until a later log-out is acknowledged")
    mutating func unacknowledged() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.logOutSent(login.session, at: 100)
        stage.oracle.ended(first, .unacknowledged, at: 200)
        #expect(stage.judge(login.access, sentAt: 300, at: 310) == OracleStage.unacknowledged)
        #expect(login.access.isUnsettled)
        let second = stage.logOutSent(login.session, at: 400)
        stage.oracle.ended(second, .acknowledged, at: 500)
        #expect(stage.judge(login.access, sentAt: 600, at: 610).mustBeRefused)
        #expect(!login.access.isUnsettled)
    }

    @Test("An acknowledgement stands, whatever becomes of a later log-out")
    mutating func acknowledgedStands() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.logOutSent(login.session, at: 100)
        let second = stage.logOutSent(login.session, at: 110)
        stage.oracle.ended(first, .acknowledged, at: 200)
        stage.oracle.ended(second, .unacknowledged, at: 210)
        #expect(stage.judge(login.access, sentAt: 300, at: 310).mustBeRefused)
    }

    @Test("A revocation that was refused leaves everything as it was, but not what another one left")
    mutating func withoutEffect() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.logOutSent(login.session, at: 100)
        stage.oracle.ended(first, .withoutEffect, at: 200)
        #expect(stage.judge(login.access, sentAt: 300, at: 310) == OracleStage.mustAccept)
        let second = stage.logOutSent(login.session, at: 400)
        let third = stage.logOutSent(login.session, at: 410)
        stage.oracle.ended(third, .withoutEffect, at: 420)
        #expect(stage.judge(login.access, sentAt: 430, at: 440) == OracleStage.during)
        stage.oracle.ended(second, .unacknowledged, at: 450)
        let fourth = stage.logOutSent(login.session, at: 460)
        stage.oracle.ended(fourth, .withoutEffect, at: 470)
        #expect(stage.judge(login.access, sentAt: 480, at: 490) == OracleStage.unacknowledged)
    }

    @Test("Around its expiry a token may be either; beyond, it must be refused")
    mutating func expiry() {
        let login = stage.logIn(sentAt: 0, at: 10, expiresAt: 10 * second)
        #expect(stage.judge(login.access, sentAt: 8 * second, at: 9 * second - 1) == OracleStage.mustAccept)
        let either: [Judgement] = [.eitherAtExpiry, .eitherAtExpiry]
        #expect(stage.judge(login.access, sentAt: 8 * second, at: 9 * second) == either)
        #expect(stage.judge(login.access, sentAt: 11 * second - 1, at: 12 * second) == either)
        #expect(stage.judge(login.access, sentAt: 11 * second, at: 12 * second).mustBeRefused)
    }

    @Test("Where the store's clock may be ahead, a token may be refused so long before its expiry")
    mutating func expiryByAStoreThatIsAhead() {
        stage.oracle = Oracle(expiryBand: second, storeLead: 5 * second)
        let login = stage.logIn(sentAt: 0, at: 10, expiresAt: 10 * second)
        #expect(stage.judge(login.access, sentAt: 4 * second, at: 5 * second - 1) == OracleStage.mustAccept)
        #expect(
            stage.judge(login.access, sentAt: 4 * second, at: 5 * second) == [.rightlyAccepted, .eitherAtExpiry])
        #expect(stage.judge(login.access, sentAt: 11 * second, at: 12 * second).mustBeRefused)
    }

    @Test("A revoked token must be refused around its expiry as well: an entry that ends too early shows")
    mutating func revokedAtExpiry() {
        let login = stage.logIn(sentAt: 0, at: 10, expiresAt: 10 * second)
        let revocation = stage.logOutSent(login.session, at: 100)
        stage.oracle.ended(revocation, .acknowledged, at: 200)
        for time in [9 * second - 1, 9 * second, 10 * second, 11 * second] {
            #expect(stage.judge(login.access, sentAt: time, at: time).mustBeRefused)
        }
    }

    @Test("No answer, and one that makes no sense, say nothing about the token")
    mutating func noVerdict() {
        let login = stage.logIn(sentAt: 0, at: 10)
        #expect(
            stage.oracle.checked(login.access, .unavailable, to: Question(node: 0, sentAt: 20), at: 30) == .unavailable)
        #expect(stage.oracle.checked(login.access, .other, to: Question(node: 0, sentAt: 20), at: 30) == .other)
        #expect(stage.oracle.authenticated(.unavailable, hasRightPassword: true) == .unavailable)
        #expect(stage.oracle.tally.judged == 0)
        #expect(stage.oracle.tally.unavailable == 2)
    }

    @Test("Right credentials must not be refused, wrong ones not be accepted")
    mutating func credentials() {
        #expect(stage.oracle.authenticated(.accepted, hasRightPassword: true) == .rightlyAccepted)
        #expect(stage.oracle.authenticated(.refused, hasRightPassword: true) == .falseRejection)
        #expect(stage.oracle.authenticated(.accepted, hasRightPassword: false) == .violation(.password))
        #expect(stage.oracle.authenticated(.refused, hasRightPassword: false) == .rightlyRefused)
    }

    @Test("Counted as soon after a revocation: sent at most 100 ms after its acknowledgement")
    mutating func soon() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.logOutSent(login.session, at: 100)
        stage.oracle.ended(revocation, .acknowledged, at: 200)
        for sentAt in [199, 200 + Tally.soon + 1] {
            _ = stage.oracle.checked(login.access, .refused, to: Question(node: 0, sentAt: sentAt), at: sentAt + 1)
        }
        #expect(stage.oracle.tally.soonAfterRevocation == 0)
        for sentAt in [201, 200 + Tally.soon] {
            _ = stage.oracle.checked(login.access, .refused, to: Question(node: 0, sentAt: sentAt), at: sentAt + 1)
        }
        #expect(stage.oracle.tally.soonAfterRevocation == 2)
        #expect(stage.oracle.tally.judged == 4)
    }

    @Test("Forgets what has no reference left: memory does not grow with the answers")
    mutating func memory() {
        weak var session: SessionRecord?
        weak var token: TokenRecord?
        do {
            let login = stage.logIn(sentAt: 0, at: 10)
            let revocation = stage.logOutSent(login.session, at: 100)
            stage.oracle.ended(revocation, .acknowledged, at: 200)
            (session, token) = (login.session, login.access)
            #expect(token != nil)
        }
        let next = stage.logIn(sentAt: 300, at: 310)
        #expect(session == nil)
        #expect(token == nil)
        #expect(next.access.session === next.session)
    }
}
