import Testing

@testable import LoadHarness

@Suite("The oracle, on checks and log-outs")
struct OracleTests {
    private var stage = OracleStage()
    private let second = OracleStage.second

    private static let mustAccept: [Judgement] = [.rightlyAccepted, .falseRejection]
    private static let mustRefuse: [Judgement] = [.violation, .rightlyRefused]
    private static let during: [Judgement] = [.eitherDuringRevocation, .eitherDuringRevocation]
    private static let unacknowledged: [Judgement] = [.eitherUnacknowledged, .eitherUnacknowledged]

    @Test("A token that nobody revoked must be accepted")
    mutating func live() {
        let login = stage.logIn(sentAt: 0, at: 10)
        #expect(stage.judge(login.access, sentAt: 10, at: 20) == Self.mustAccept)
    }

    @Test("What counts is when the check was sent and the acknowledgement received")
    mutating func logOut() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.oracle.logOutSent(login.session, at: 100)
        // Answered before the log-out was sent: nothing could have revoked it.
        #expect(stage.judge(login.access, sentAt: 50, at: 99) == Self.mustAccept)
        #expect(stage.judge(login.access, sentAt: 50, at: 100) == Self.during)
        #expect(stage.judge(login.access, sentAt: 150, at: 160) == Self.during)
        stage.oracle.ended(revocation, .acknowledged, at: 200)
        #expect(stage.judge(login.access, sentAt: 199, at: 300) == Self.during)
        #expect(stage.judge(login.access, sentAt: 200, at: 300) == Self.during)
        #expect(stage.judge(login.access, sentAt: 201, at: 300) == Self.mustRefuse)
    }

    @Test("A log-out ends the refresh token too, and what a refresh under way brings")
    mutating func logOutCoversSession() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.oracle.logOutSent(login.session, at: 100)
        stage.oracle.ended(revocation, .acknowledged, at: 200)
        let late = stage.issue(.access, login.session, sentAt: 90, at: 210)
        #expect(stage.judge(late, sentAt: 220, at: 230) == Self.mustRefuse)
        let presentation = stage.oracle.presented(login.refresh, at: 220)
        #expect(stage.oracle.answered(presentation, .accepted, at: 230) == .violation)
    }

    @Test("Another session of the same subject is not touched by a log-out")
    mutating func otherSession() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let other = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.oracle.logOutSent(login.session, at: 100)
        stage.oracle.ended(revocation, .acknowledged, at: 200)
        #expect(stage.judge(other.access, sentAt: 300, at: 310) == Self.mustAccept)
    }

    @Test("Without an answer a token may be either, until a later log-out is acknowledged")
    mutating func unacknowledged() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.oracle.logOutSent(login.session, at: 100)
        stage.oracle.ended(first, .unacknowledged, at: 200)
        #expect(stage.judge(login.access, sentAt: 300, at: 310) == Self.unacknowledged)
        #expect(login.access.isUnsettled)
        let second = stage.oracle.logOutSent(login.session, at: 400)
        stage.oracle.ended(second, .acknowledged, at: 500)
        #expect(stage.judge(login.access, sentAt: 600, at: 610) == Self.mustRefuse)
        #expect(!login.access.isUnsettled)
    }

    @Test("An acknowledgement stands, whatever becomes of a later log-out")
    mutating func acknowledgedStands() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.oracle.logOutSent(login.session, at: 100)
        let second = stage.oracle.logOutSent(login.session, at: 110)
        stage.oracle.ended(first, .acknowledged, at: 200)
        stage.oracle.ended(second, .unacknowledged, at: 210)
        #expect(stage.judge(login.access, sentAt: 300, at: 310) == Self.mustRefuse)
    }

    @Test("A revocation that was refused leaves everything as it was, but not what another one left")
    mutating func withoutEffect() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let first = stage.oracle.logOutSent(login.session, at: 100)
        stage.oracle.ended(first, .withoutEffect, at: 200)
        #expect(stage.judge(login.access, sentAt: 300, at: 310) == Self.mustAccept)
        let second = stage.oracle.logOutSent(login.session, at: 400)
        let third = stage.oracle.logOutSent(login.session, at: 410)
        stage.oracle.ended(third, .withoutEffect, at: 420)
        #expect(stage.judge(login.access, sentAt: 430, at: 440) == Self.during)
        stage.oracle.ended(second, .unacknowledged, at: 450)
        let fourth = stage.oracle.logOutSent(login.session, at: 460)
        stage.oracle.ended(fourth, .withoutEffect, at: 470)
        #expect(stage.judge(login.access, sentAt: 480, at: 490) == Self.unacknowledged)
    }

    @Test("Around its expiry a token may be either; beyond, it must be refused")
    mutating func expiry() {
        let login = stage.logIn(sentAt: 0, at: 10, expiresAt: 10 * second)
        #expect(stage.judge(login.access, sentAt: 8 * second, at: 9 * second - 1) == Self.mustAccept)
        let either: [Judgement] = [.eitherAtExpiry, .eitherAtExpiry]
        #expect(stage.judge(login.access, sentAt: 8 * second, at: 9 * second) == either)
        #expect(stage.judge(login.access, sentAt: 11 * second - 1, at: 12 * second) == either)
        #expect(stage.judge(login.access, sentAt: 11 * second, at: 12 * second) == Self.mustRefuse)
    }

    @Test("A revoked token must be refused around its expiry as well: an entry that ends too early shows")
    mutating func revokedAtExpiry() {
        let login = stage.logIn(sentAt: 0, at: 10, expiresAt: 10 * second)
        let revocation = stage.oracle.logOutSent(login.session, at: 100)
        stage.oracle.ended(revocation, .acknowledged, at: 200)
        for time in [9 * second - 1, 9 * second, 10 * second, 11 * second] {
            #expect(stage.judge(login.access, sentAt: time, at: time) == Self.mustRefuse)
        }
    }

    @Test("No answer, and one that makes no sense, say nothing about the token")
    mutating func noVerdict() {
        let login = stage.logIn(sentAt: 0, at: 10)
        #expect(stage.oracle.checked(login.access, .unavailable, sentAt: 20, at: 30) == .unavailable)
        #expect(stage.oracle.checked(login.access, .other, sentAt: 20, at: 30) == .other)
        #expect(stage.oracle.loggedIn(.unavailable) == .unavailable)
        #expect(stage.oracle.tally.judged == 0)
        #expect(stage.oracle.tally[.unavailable] == 2)
    }

    @Test("Right credentials must not be refused")
    mutating func credentials() {
        #expect(stage.oracle.loggedIn(.accepted) == .rightlyAccepted)
        #expect(stage.oracle.loggedIn(.refused) == .falseRejection)
    }

    @Test("Counted as soon after a revocation: sent at most 100 ms after its acknowledgement")
    mutating func soon() {
        let login = stage.logIn(sentAt: 0, at: 10)
        let revocation = stage.oracle.logOutSent(login.session, at: 100)
        stage.oracle.ended(revocation, .acknowledged, at: 200)
        for sentAt in [199, 200 + Tally.soon + 1] {
            _ = stage.oracle.checked(login.access, .refused, sentAt: sentAt, at: sentAt + 1)
        }
        #expect(stage.oracle.tally.soonAfterRevocation == 0)
        for sentAt in [201, 200 + Tally.soon] {
            _ = stage.oracle.checked(login.access, .refused, sentAt: sentAt, at: sentAt + 1)
        }
        #expect(stage.oracle.tally.soonAfterRevocation == 2)
        #expect(stage.oracle.tally.judged == 4)
    }

    @Test("Forgets what nobody holds any more: memory does not grow with the answers")
    mutating func memory() {
        weak var session: SessionRecord?
        weak var token: TokenRecord?
        do {
            let login = stage.logIn(sentAt: 0, at: 10)
            let revocation = stage.oracle.logOutSent(login.session, at: 100)
            stage.oracle.ended(revocation, .acknowledged, at: 200)
            (session, token) = (login.session, login.access)
            #expect(token != nil)
        }
        let next = stage.logIn(sentAt: 300, at: 310)
        #expect(session == nil)
        #expect(token == nil)
        #expect(stage.subject.tokens.count == 2)
        #expect(next.access.session === next.session)
    }
}
