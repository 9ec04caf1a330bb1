import Contract
import Crypto
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Revocation
import RevocationHTTP
import Synchronization
import TestSupport
import Testing

@testable import AuthNode

/// RFC 8935 §2 and the token's profile of Shared Signals 1.0 §4.1, rule by rule.
@Suite struct EventPushTests {
    private static let type = EventStage.caep + "session-revoked"
    private let stage = EventStage()

    private func isRefused(_ token: String, _ code: String, _ members: String = #""accepts":["events"]"#) async throws {
        try await stage.node(members).test { client in
            let answer = try await client.push(token)
            #expect(answer.status == .badRequest)
            #expect(answer.headers[.contentType] == "application/json")
            #expect(answer.headers[.contentLanguage] == "en")
            let body = try answer.json()
            #expect(body["err"] as? String == code)
            #expect((body["description"] as? String)?.isEmpty == false)
            #expect(Set(body.keys) == ["err", "description"])
            #expect(try await client.me(try stage.accessToken()).status == .ok)
        }
    }

    private func event(_ changes: JSONObject = [:], key: P256.Signing.PrivateKey? = nil) throws -> String {
        try stage.event(Self.type, stage.user(), [:], changes, key: key)
    }

    // MARK: RFC 8935

    @Test func aGoodEventIs202WithoutABody() async throws {
        try await stage.node().test { client in
            let answer = try await client.push(try event())
            #expect(answer.status == .accepted)
            #expect(answer.body.readableBytes == 0)
            #expect(try await client.me(try stage.accessToken()).status == .unauthorized)
        }
    }

    /// §2: it answers as it would have done the first time. Nothing is revoked again.
    @Test func aRepeatedEventIsAcknowledgedAndDoesNothing() async throws {
        let node = try await stage.node()
        try await node.test { client in
            let event = try event()
            #expect(try await client.push(event).status == .accepted)
            node.clock.wall += 10_000
            let later = try stage.accessToken(issuedAt: EventStage.seconds + 9)
            #expect(try await client.push(event).status == .accepted)
            #expect(try await client.me(later).status == .ok)
        }
    }

    @Test(arguments: ["application/json", "application/jwt", "text/plain", nil])
    func theMediaTypeIsThatOfEvents(type: String?) async throws {
        try await stage.node().test { client in
            var headers: HTTPFields = [:]
            headers[.contentType] = type
            let answer = try await client.post("/events", try event(), headers)
            #expect(answer.status == .badRequest)
            #expect(try answer.errorCode() == "invalid_request")
        }
    }

    @Test(arguments: ["", "a", "a.b.c", "{}", #"{"sets":{}}"#, String(repeating: "a", count: 9_000)])
    func whatIsNoTokenIsAnInvalidRequest(body: String) async throws {
        try await isRefused(body, "invalid_request")
    }

    @Test func aForgedEventIsNotAuthenticated() async throws {
        try await isRefused(try event(key: P256.Signing.PrivateKey()), "authentication_failed")
    }

    @Test func anUnknownKeyIsInvalid() async throws {
        let claims = try TokenParts(try event()).claims
        for header in [["kid": "other"], ["alg": "HS256"], ["alg": "none"]] {
            try await isRefused(try stage.token(type: "secevent+jwt", claims: claims, header: header), "invalid_key")
        }
    }

    @Test func anotherIssuerIsInvalid() async throws {
        for issuer: any Sendable in ["https://evil.example", Absent()] {
            try await isRefused(try event(["iss": issuer]), "invalid_issuer")
        }
    }

    @Test func anotherAudienceIsInvalid() async throws {
        for audience: any Sendable in ["shop", ["a"], Absent()] {
            try await isRefused(try event(["aud": audience]), "invalid_audience")
        }
    }

    @Test func aProviderThatMaySendNoEventsIsRefused() async throws {
        try await isRefused(try event(), "invalid_issuer", #""accepts":["logout"]"#)
    }

    /// SSF 1.0 §6.1.1: `authorization_header`.
    @Test func theCredentialIsTheOneAgreedOn() async throws {
        let members = #""accepts":["events"],"authorization":"Bearer secret""#
        try await isRefused(try event(), "authentication_failed", members)
        try await stage.node(members).test { client in
            let other = try await client.push(try event(), [.authorization: "Bearer other"])
            #expect(try other.errorCode() == "authentication_failed")
            #expect(try await client.push(try event(), [.authorization: "Bearer secret"]).status == .accepted)
        }
    }

    @Test func whileTheStoreIsAwayNothingIsAcknowledged() async throws {
        let node = try await stage.node()
        try await node.test { client in
            let event = try event()
            node.denylist.isAway = true
            let answer = try await client.push(event)
            #expect(answer.status == .serviceUnavailable)
            #expect(answer.headers[.retryAfter] == "1")
            node.denylist.isAway = false
            for left in [0, 1] {
                node.denylist.revocationsLeft = left
                #expect(try await client.push(event).status == .serviceUnavailable)
            }
            node.denylist.revocationsLeft = nil
            #expect(try await client.push(event).status == .accepted)
            #expect(try await client.me(try stage.accessToken()).status == .unauthorized)
        }
    }

    // MARK: The profile of the token

    @Test(arguments: ["at+jwt", "JWT", "logout+jwt", nil]) func itsTypeIsExplicit(type: String?) async throws {
        let claims = try TokenParts(try event()).claims
        try await isRefused(try stage.token(type: type, claims: claims), "invalid_request")
    }

    @Test func ithasNeitherSubNorExp() async throws {
        try await isRefused(try event(["sub": "alice"]), "invalid_request")
        try await isRefused(try event(["exp": EventStage.seconds + 60]), "invalid_request")
    }

    @Test(arguments: ["iat", "jti", "events", "sub_id"]) func aRequiredClaimIsRequired(name: String) async throws {
        try await isRefused(try event([name: Absent()]), "invalid_request")
    }

    @Test func eventsAreObjects() async throws {
        for events: any Sendable in [JSONObject(), "x", [Self.type], [Self.type: "x"], [Self.type: 1]] {
            try await isRefused(try event(["events": events]), "invalid_request")
        }
        let many = Dictionary(uniqueKeysWithValues: (0..<17).map { ("urn:\($0)", JSONObject()) })
        try await isRefused(try event(["events": many]), "invalid_request")
    }

    @Test func itIsOfNow() async throws {
        try await isRefused(try event(["iat": EventStage.seconds + 10]), "invalid_request")
        try await isRefused(try event(["iat": EventStage.seconds - 31 * 86_400]), "invalid_request")
    }

    /// It may have waited for a receiver for days.
    @Test func anEventMayBeOld() async throws {
        let node = try await stage.node()
        try await node.test { client in
            let event = try event(["iat": EventStage.seconds - 29 * 86_400])
            #expect(try await client.push(event).status == .accepted)
            #expect(try await client.me(try stage.accessToken()).status == .unauthorized)
            node.clock.wall += 86_000_000
            #expect(try await client.push(event).status == .accepted)
            node.clock.wall += 86_400_000
            #expect(try await client.push(event).status == .badRequest)
        }
    }

    /// A store that keeps revocations for a week remembers for a week which events were used. No event is lost by that.
    @Test func anEventOlderThanTheStoreKeepsItsNoteIsCarriedOut() async throws {
        let node = try await stage.node()
        node.denylist.longestRevocation = 7 * 86_400
        try await node.test { client in
            for (age, identifier) in [(0, "e-1"), (8 * 86_400, "e-2")] as [(Int64, String)] {
                let now = node.clock.wall / 1_000
                let event = try event(["iat": now - age, "jti": identifier])
                #expect(try await client.push(event).status == .accepted)
                #expect(try await client.me(try stage.accessToken(issuedAt: now - 1)).status == .unauthorized)
                node.clock.wall += 10_000
                #expect(try await client.push(event).status == .accepted)
                let later = try stage.accessToken(identifier: "later-\(identifier)", issuedAt: now + 9)
                #expect(try await client.me(later).status == .ok)
            }
        }
    }

    /// SSF 1.0 §4.2.3, RFC 8935 §3: what is not understood is ignored.
    @Test func unknownEventsAndMembersAreAcknowledged() async throws {
        try await stage.node().test { client in
            let unknown = try stage.event("urn:unknown", ["format": "urn:strange", "x": 1], ["a": [1]])
            #expect(try await client.push(unknown).status == .accepted)
            let enabled = try stage.event(EventStage.risc + "account-enabled", stage.user(), [:], ["sub_id": Absent()])
            #expect(try await client.push(enabled).status == .accepted)
            #expect(try await client.me(try stage.accessToken()).status == .ok)
            let extended = try stage.event(Self.type, stage.user(), ["new_member": ["a": 1]], ["jti": "e-2", "new": 1])
            #expect(try await client.push(extended).status == .accepted)
            #expect(try await client.me(try stage.accessToken()).status == .unauthorized)
        }
    }

    // MARK: The stream (SSF 1.0 §8.1.4)

    private func verification(_ state: String?, stream: JSONObject = ["format": "opaque", "id": "stream-1"]) throws
        -> String
    {
        try stage.event(EventTable.verification, stream, state.map { ["state": $0] } ?? [:])
    }

    @Test func aVerificationIsAcknowledged() async throws {
        let members = #""accepts":["events"],"stream":"stream-1","state":"expected""#
        try await stage.node(members).test { client in
            for state in ["expected", nil] {
                let answer = try await client.push(try verification(state))
                #expect(answer.status == .accepted)
            }
        }
        try await isRefused(try verification("other"), "invalid_state", members)
        try await isRefused(try verification("expected"), "invalid_state", #""accepts":["events"]"#)
        let other: JSONObject = ["format": "opaque", "id": "stream-2"]
        try await isRefused(try verification("expected", stream: other), "invalid_request", members)
        try await isRefused(try verification("expected", stream: stage.user()), "invalid_request", members)
    }

    @Test func anUpdateOfTheStreamIsAcknowledged() async throws {
        let subject: JSONObject = ["format": "opaque", "id": "stream-1"]
        try await stage.node().test { client in
            let update = try stage.event(EventTable.streamUpdated, subject, ["status": "paused", "reason": "x"])
            #expect(try await client.push(update).status == .accepted)
        }
    }

    // MARK: Callers

    /// Refused messages of one address are limited before a signature is checked. Good ones are not.
    @Test func aStrangerIsShutOutForAMinute() async throws {
        let node = try await stage.node()
        try await node.test { client in
            let forged = try event(key: P256.Signing.PrivateKey())
            for index in 0..<CallerLimit.refusalsPerMinute {
                #expect(try await client.push(forged).status == .badRequest, "\(index)")
            }
            for answer in [try await client.push(forged), try await client.sendLogout(forged)] {
                #expect(answer.status == .tooManyRequests)
                #expect(answer.headers[.retryAfter] == "60")
            }
            node.clock.wall += 60_000
            #expect(try await client.push(try event()).status == .accepted)
        }
    }

    /// A provider that is misunderstood must not keep its good messages out.
    @Test func whatAProviderHasSentHereCountsForNothing() async throws {
        try await stage.node().test { client in
            let unusable = try event(["sub_id": ["format": "strange"]])
            for _ in 0...CallerLimit.refusalsPerMinute {
                #expect(try await client.push(unusable).status == .badRequest)
            }
            #expect(try await client.push(try event()).status == .accepted)
        }
    }

    /// A good signature stands under each user's own ID token, and under what was sent elsewhere or long ago.
    @Test func whatAProviderHasSignedForOthersCounts() async throws {
        let seconds = EventStage.seconds
        let members = #""accepts":["logout","events"],"authorization":"Bearer secret""#
        let events = [
            try event(), try event(["iat": seconds - 31 * 86_400]),
            try event(["jti": Absent()]), try event(["events": [String]()]), try event(["sub": "alice"]),
        ]
        let logouts = [
            try stage.logoutToken(["nonce": "n"]), try stage.logoutToken(["exp": seconds - 1]),
            try stage.logoutToken(["events": Absent()], type: "JWT"),
        ]
        try await stage.node(members).test { client in
            for index in 0..<CallerLimit.refusalsPerMinute {
                let kind = index % (events.count + logouts.count)
                let answer =
                    kind < events.count
                    ? try await client.push(events[kind]) : try await client.sendLogout(logouts[kind - events.count])
                #expect(answer.status == .badRequest, "\(index)")
            }
            for event in events { #expect(try await client.push(event).status == .tooManyRequests) }
        }
    }

    /// A provider of many customers sends what is for another of them here, if that one says so.
    @Test func whatIsForOthersIsRefusedUnreadAndCountsForNothing() async throws {
        let fetches = Mutex(0)
        let jwks = Data(stage.jwks.utf8)
        let keys = KeySetCache(fetch: { () async throws(VerificationKeysError) in
            fetches.withLock { $0 += 1 }
            return jwks
        })
        try await stage.node(#""accepts":["logout","events"]"#, keys: keys).test { client in
            let others = [
                try event(["aud": "shop"]), try event(["aud": ["a", "b"]]), try event(["aud": Absent()]),
                try event(["iss": "https://other.example"]),
            ]
            let logout = try stage.logoutToken(["aud": "another-client"])
            for index in 0...CallerLimit.refusalsPerMinute {
                #expect(try await client.push(others[index % others.count]).status == .badRequest, "\(index)")
                #expect(try await client.sendLogout(logout).status == .badRequest, "\(index)")
            }
            #expect(fetches.withLock { $0 } == 0)
            #expect(try await client.push(try event()).status == .accepted)
            #expect(fetches.withLock { $0 } == 1)
        }
    }

    @Test func whatARevokedKeyHasSignedCounts() async throws {
        let node = try await stage.node()
        _ = try await node.denylist.revoke(.key("k"), reason: .compromised, issuer: EventStage.issuer)
        try await node.test { client in
            let event = try event()
            for _ in 0..<CallerLimit.refusalsPerMinute { #expect(try await client.push(event).status == .badRequest) }
            #expect(try await client.push(event).status == .tooManyRequests)
        }
    }

    /// While the store is away a provider sends everything again.
    @Test func whatTheStoreCannotAnswerCountsForNothing() async throws {
        let node = try await stage.node()
        try await node.test { client in
            node.denylist.isAway = true
            let event = try event()
            for _ in 0...CallerLimit.refusalsPerMinute {
                #expect(try await client.push(event).status == .serviceUnavailable)
            }
            node.denylist.isAway = false
            #expect(try await client.push(event).status == .accepted)
        }
    }

    /// The issuer is asked for its keys only now and then. Meanwhile no unknown key is refused for good.
    @Test(arguments: [true, false]) func unknownKeysAreCountedUnlessAllAreUnknown(areKnown: Bool) async throws {
        let (start, ticks) = (ContinuousClock.now, TestClock(wall: 0))
        let jwks = Data(stage.jwks.utf8)
        let keys = KeySetCache(
            now: {
                ticks.wall += 1
                return start + .microseconds(ticks.wall)
            },
            fetch: { () async throws(VerificationKeysError) in
                guard areKnown else { throw VerificationKeysError(message: "it is away") }
                return jwks
            })
        try await stage.node(keys: keys).test { client in
            let claims = try TokenParts(try event()).claims
            for index in 0...CallerLimit.refusalsPerMinute {
                let forged = try stage.token(type: "secevent+jwt", claims: claims, header: ["kid": "k-\(index)"])
                let isShutOut = areKnown && index == CallerLimit.refusalsPerMinute
                let status = try await client.push(forged).status
                #expect((status == .tooManyRequests) == isShutOut, "\(index)")
                #expect(index == 0 || isShutOut || status == .serviceUnavailable, "\(index)")
            }
        }
    }

    /// Behind a trusted proxy each client has its own limit.
    @Test func aStrangerShutsNobodyElseOut() async throws {
        var settings = TestNode.settings
        settings.trustsForwardedFor = true
        try await stage.node(settings: settings).test { client in
            let name = try #require(HTTPField.Name("X-Forwarded-For"))
            let forged = try event(key: P256.Signing.PrivateKey())
            for _ in 0..<CallerLimit.refusalsPerMinute { _ = try await client.push(forged, [name: "192.0.2.1"]) }
            #expect(try await client.push(forged, [name: "192.0.2.1"]).status == .tooManyRequests)
            #expect(try await client.push(try event(), [name: "198.51.100.1"]).status == .accepted)
        }
    }

    @Test func goodEventsAreNotLimited() async throws {
        try await stage.node().test { client in
            for index in 0...(2 * CallerLimit.refusalsPerMinute) {
                let answer = try await client.push(try event(["jti": "e-\(index)"]))
                #expect(answer.status == .accepted)
            }
        }
    }
}
