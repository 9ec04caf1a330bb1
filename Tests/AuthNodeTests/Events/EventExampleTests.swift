import Contract
import Foundation
import HTTPTypes
import HummingbirdTesting
import Revocation
import RevocationHTTP
import TestSupport
import Testing

@testable import AuthNode

/// What the events of CAEP and RISC revoke, in the shapes that their specifications show.
@Suite struct EventExampleTests {
    private static let all = #""accepts":["events"],"subjects":["iss_sub","opaque","email","phone_number","account"]"#
    private let stage = EventStage()

    /// Which of three tokens an event ends: alice's first session, her second, and bob's.
    private func ends(
        _ type: String, _ subject: JSONObject, _ members: JSONObject = [:], _ changes: JSONObject = [:],
        entry: String = all, namesSessions: Bool? = true, user: String = "alice", isRefused: Bool = false
    ) async throws -> [Bool] {
        try await stage.node(entry, namesSessions: namesSessions).test { client in
            let answer = try await client.push(try stage.event(type, subject, members, changes))
            #expect(answer.status == (isRefused ? .badRequest : .accepted), "\(answer.text)")
            let tokens = [
                try stage.accessToken(user, session: "s-1", identifier: "t-1"),
                try stage.accessToken(user, session: "s-2", identifier: "t-2"),
                try stage.accessToken("bob", session: "s-3", identifier: "t-3"),
            ]
            var ended: [Bool] = []
            for token in tokens { ended.append(try await client.me(token).status == .unauthorized) }
            return ended
        }
    }

    private func opaque(_ identifier: String) -> JSONObject { ["format": "opaque", "id": identifier] }

    // MARK: CAEP

    @Test func aSessionThatIsNamedByAnOpaqueIdentifier() async throws {
        let type = EventStage.caep + "session-revoked"
        let members: JSONObject = ["event_timestamp": EventStage.seconds - 100]
        #expect(try await ends(type, opaque("s-1"), members) == [true, false, false])
        // The same format may name a user.
        #expect(try await ends(type, opaque("alice"), members) == [true, true, false])
    }

    @Test func aSessionWithItsUserAndTenant() async throws {
        let subject: JSONObject = [
            "format": "complex", "session": opaque("s-1"), "user": stage.user(), "tenant": opaque("123456789"),
        ]
        let members: JSONObject = [
            "initiating_entity": "policy", "reason_admin": ["en": "Policy Violation: C076E82F"],
            "reason_user": ["en": "Access attempt from multiple regions.", "es-410": "Acceso desde varias regiones."],
            "event_timestamp": EventStage.seconds - 100,
        ]
        #expect(try await ends(EventStage.caep + "session-revoked", subject, members) == [true, false, false])
    }

    /// Tokens do not name a device: all sessions of its user end.
    @Test func theSessionsOfADevice() async throws {
        let subject: JSONObject = [
            "format": "complex", "user": stage.user(),
            "device": ["format": "iss_sub", "iss": EventStage.issuer, "sub": "e9297990"], "tenant": opaque("1"),
        ]
        #expect(try await ends(EventStage.caep + "session-revoked", subject) == [true, true, false])
    }

    @Test func changedClaimsOfOneToken() async throws {
        let subject = ["format": "jwt_id", "iss": EventStage.issuer, "jti": "t-1"]
        let members: JSONObject = ["claims": ["role": "ro-admin"], "event_timestamp": EventStage.seconds - 1]
        #expect(try await ends(EventStage.caep + "token-claims-change", subject, members) == [true, false, false])
    }

    @Test func changedClaimsOfAUser() async throws {
        let members: JSONObject = ["claims": ["trusted_network": false]]
        #expect(try await ends(EventStage.caep + "token-claims-change", stage.user(), members) == [true, true, false])
    }

    @Test(arguments: ["revoke", "update", "delete", "unknown"]) func aChangedCredential(change: String) async throws {
        let members: JSONObject = [
            "credential_type": "fido2-roaming", "change_type": change, "friendly_name": "Jane's USB authenticator",
        ]
        #expect(try await ends(EventStage.caep + "credential-change", stage.user(), members) == [true, true, false])
    }

    @Test func aNewCredentialEndsNothing() async throws {
        let members: JSONObject = ["credential_type": "fido2-roaming", "change_type": "create"]
        #expect(try await ends(EventStage.caep + "credential-change", stage.user(), members) == [false, false, false])
    }

    // MARK: RISC

    @Test(arguments: ["account-disabled", "account-purged", "credential-compromise", "sessions-revoked"])
    func anAccountThatIsNotToBeTrusted(name: String) async throws {
        let members: JSONObject = ["reason": "hijacking", "credential_type": "password"]
        #expect(try await ends(EventStage.risc + name, stage.user(), members) == [true, true, false])
    }

    @Test(arguments: ["account-enabled", "identifier-changed", "opt-in", "recovery-activated"])
    func anAccountThatGoesOn(name: String) async throws {
        #expect(try await ends(EventStage.risc + name, stage.user()) == [false, false, false])
    }

    /// An opaque identifier is a session's only where sessions are meant.
    @Test func anOpaqueIdentifierOfAnAccountIsNoSession() async throws {
        #expect(try await ends(EventStage.risc + "account-disabled", opaque("s-1")) == [false, false, false])
        #expect(try await ends(EventStage.risc + "account-disabled", opaque("alice")) == [true, true, false])
    }

    // MARK: Subjects (RFC 9493)

    @Test func anAddressIsComparedWithoutCaseIfTokensHaveItInLowerCase() async throws {
        let subject = ["format": "email", "email": "Alice@Example.com"]
        for user in ["alice@example.com", "Alice@Example.com"] {
            #expect(
                try await ends(EventStage.risc + "account-disabled", subject, user: user) == [true, true, false])
        }
    }

    @Test func otherFormatsWithOneValue() async throws {
        for (subject, user) in [
            (["format": "phone_number", "phone_number": "+12065550100"], "+12065550100"),
            (["format": "account", "uri": "acct:alice@example.com"], "acct:alice@example.com"),
        ] {
            #expect(
                try await ends(EventStage.risc + "account-disabled", subject, user: user) == [true, true, false])
        }
    }

    /// They are two subjects of tokens, however alike they look.
    @Test func namesThatLookAlikeAreBothRevoked() async throws {
        let users = ["jos\u{E9}@example.com", "jose\u{301}@example.com"]
        let names: [JSONObject] = users.map { ["format": "email", "email": $0] }
        let subject: JSONObject = ["format": "aliases", "identifiers": names]
        for user in users {
            #expect(try await ends(EventStage.risc + "account-disabled", subject, user: user) == [true, true, false])
        }
    }

    @Test func oneOfSeveralNamesIsEnough() async throws {
        let names: [JSONObject] = [["format": "did", "url": "did:example:1"], stage.user(), opaque("other")]
        let subject: JSONObject = ["format": "aliases", "identifiers": names]
        #expect(try await ends(EventStage.risc + "account-disabled", subject) == [true, true, false])
    }

    /// As RISC had it before, and Google's transmitter has it still.
    @Test func aSubjectWithinTheEvent() async throws {
        let subject = ["subject_type": "iss-sub", "iss": EventStage.issuer, "sub": "alice"]
        let ended = try await ends(
            EventStage.risc + "account-disabled", [:], ["subject": subject], ["sub_id": Absent()])
        #expect(ended == [true, true, false])
    }

    @Test func whatCannotBeRevokedIsRefused() async throws {
        let type = EventStage.risc + "account-disabled"
        let nested: JSONObject = ["format": "complex", "user": stage.user()]
        let names: JSONObject = ["format": "aliases", "identifiers": [stage.user()]]
        let tooMany = (0..<17).map { opaque("\($0)") }
        let cases: [(subject: any Sendable, code: String)] = [
            (["format": "iss_sub", "iss": "https://other.example", "sub": "alice"], "access_denied"),
            (["format": "jwt_id", "iss": "https://other.example", "jti": "t-1"], "access_denied"),
            (["format": "did", "url": "did:example:1"], "invalid_request"),
            (["format": "saml_assertion_id", "issuer": "a", "assertion_id": "b"], "invalid_request"),
            (["format": "iss_sub", "iss": EventStage.issuer, "sub": ""], "invalid_request"),
            (["format": "iss_sub", "iss": EventStage.issuer], "invalid_request"),
            (["format": "complex", "device": opaque("d")] as JSONObject, "invalid_request"),
            (["format": "complex", "user": nested] as JSONObject, "invalid_request"),
            (["format": "aliases", "identifiers": [names]] as JSONObject, "invalid_request"),
            (["format": "aliases", "identifiers": tooMany] as JSONObject, "invalid_request"),
            (["format": "aliases", "identifiers": [Int]()] as JSONObject, "invalid_request"),
            (["format": 1], "invalid_request"), ([Int](), "invalid_request"), ("alice", "invalid_request"),
            (JSONObject(), "invalid_request"),
        ]
        try await stage.node(Self.all).test { client in
            for (subject, code) in cases {
                let answer = try await client.push(try stage.event(type, stage.user(), [:], ["sub_id": subject]))
                #expect(answer.status == .badRequest)
                #expect(try answer.errorCode() == code, "\(subject)")
            }
            #expect(try await client.me(try stage.accessToken()).status == .ok)
        }
    }

    // MARK: The table

    @Test func theTableDecides() async throws {
        let entry = """
            "accepts":["events"],"events":{"\(EventStage.caep)session-revoked":"ignore","urn:mine":"session",
            "\(EventStage.caep)credential-change#create":"subject","\(EventStage.caep)credential-change":"ignore"}
            """
        let change = EventStage.caep + "credential-change"
        #expect(try await ends("urn:mine", opaque("alice"), entry: entry) == [true, true, false])
        let revoked = EventStage.caep + "session-revoked"
        #expect(try await ends(revoked, opaque("s-1"), entry: entry) == [false, false, false])
        let created = ["change_type": "create"]
        #expect(try await ends(change, stage.user(), created, entry: entry) == [true, true, false])
        let updated = ["change_type": "update"]
        #expect(try await ends(change, stage.user(), updated, entry: entry) == [false, false, false])
    }

    /// All sessions of the user have to end: the sender is told that they do not.
    @Test func ofAUserWhoMeansNothingHereTheSessionEndsAndTheEventIsRefused() async throws {
        let user = ["format": "strange", "id": "x"]
        let subject: JSONObject = ["format": "complex", "session": opaque("s-1"), "user": user]
        let type = EventStage.risc + "account-disabled"
        #expect(try await ends(type, subject, isRefused: true) == [true, false, false])
        #expect(try await ends(type, subject, namesSessions: false, isRefused: true) == [true, false, false])
        // Where the session is all that has to end, it is enough.
        #expect(try await ends(EventStage.caep + "session-revoked", subject) == [true, false, false])
    }

    /// The other events of a message are carried out all the same.
    @Test func anEventThatCannotBeCarriedOutHoldsUpNoOther() async throws {
        let events: JSONObject = [
            EventStage.risc + "account-disabled": ["subject": ["format": "strange"]] as JSONObject,
            EventStage.risc + "sessions-revoked": ["subject": stage.user()] as JSONObject,
        ]
        let changes: JSONObject = ["sub_id": Absent(), "events": events]
        #expect(try await ends("", [:], [:], changes, isRefused: true) == [true, true, false])
    }

    @Test func aRefusedEventIsCarriedOutOnce() async throws {
        let node = try await stage.node(Self.all, namesSessions: false)
        let subject = stage.user()
        let events: JSONObject = [
            EventStage.risc + "account-disabled": ["subject": subject] as JSONObject,
            EventStage.caep + "session-revoked": ["subject": ["format": "strange"]] as JSONObject,
        ]
        let event = try stage.event("", subject, [:], ["sub_id": Absent(), "events": events])
        try await node.test { client in
            let first = try await client.push(event)
            #expect(first.status == .badRequest)
            #expect(try await client.me(try stage.accessToken()).status == .unauthorized)
            node.clock.wall += 10_000
            #expect(try await client.push(event).status == .badRequest)
            #expect(try await client.me(try stage.accessToken(issuedAt: EventStage.seconds + 9)).status == .ok)
        }
    }

    /// All sessions of its user end instead.
    @Test func aSessionThatMeansNothingHereKeepsNoUserAlive() async throws {
        let session = ["format": "email", "email": "alice@example.com"]
        let subject: JSONObject = ["format": "complex", "session": session, "user": stage.user()]
        for namesSessions in [true, false] {
            let ended = try await ends(
                EventStage.caep + "session-revoked", subject, namesSessions: namesSessions)
            #expect(ended == [true, true, false])
        }
    }

    @Test func aSessionMayHaveSeveralNames() async throws {
        let names: [JSONObject] = [["format": "did", "url": "did:example:1"], opaque("s-1")]
        let subject: JSONObject = ["format": "aliases", "identifiers": names]
        #expect(try await ends(EventStage.caep + "session-revoked", subject) == [true, false, false])
    }

    /// It may be a session's name, which ends none of the tokens that do not name theirs.
    @Test func anOpaqueIdentifierIsRefusedUnlessItIsSaidToBeAUsersOrTokensNameTheirSession() async throws {
        let type = EventStage.caep + "session-revoked"
        let unsaid = #""accepts":["events"]"#
        let said = unsaid + #","subjects":["opaque"]"#
        for name in ["s-1", "alice"] {
            let ended = try await ends(type, opaque(name), entry: unsaid, namesSessions: nil, isRefused: true)
            #expect(ended == [true, name == "alice", false])
        }
        #expect(try await ends(type, opaque("alice"), entry: said, namesSessions: nil) == [true, true, false])
    }

    // MARK: Another issuer's tokens

    /// The transmitter's sessions, tokens and users are its own, and end nothing here.
    @Test func aTransmitterNamesOurTokensInOurWords() async throws {
        let entry = #""accepts":["events"],"revokes":"revoked","subjects":["email","iss_sub"]"#
        let type = EventStage.caep + "session-revoked"
        try await stage.node(entry, namesSessions: nil).test { client in
            let pair = try await client.pair("alice")
            let identifier = try #require(try TokenParts(pair.access).claims["jti"] as? String)
            let session = try #require(try TokenParts(pair.access).claims["sid"] as? String)
            func status(_ type: String, _ subject: JSONObject, _ jti: String) async throws -> HTTPResponse.Status {
                try await client.push(try stage.event(type, subject, [:], ["jti": jti])).status
            }
            #expect(try await status(type, opaque("s-1"), "e-1") == .badRequest)
            let alone: JSONObject = ["format": "complex", "session": opaque("s-1")]
            #expect(try await status(type, alone, "e-2") == .badRequest)
            let foreign = ["format": "jwt_id", "iss": EventStage.issuer, "jti": identifier]
            #expect(try await status(type, foreign, "e-3") == .badRequest)
            #expect(try await client.me(pair.access).status == .ok)
            let token = ["format": "jwt_id", "iss": "revoked", "jti": identifier]
            #expect(try await status(type, token, "e-4") == .accepted)
            #expect(try await client.me(pair.access).status == .unauthorized)
            let refreshed = try await client.refresh(pair.refresh).pair()
            #expect(try await client.me(refreshed.access).status == .ok)
            // One that knows our sessions ends them. It has to be said that it does.
            #expect(try await status(type, opaque(session), "e-5") == .badRequest)
            #expect(try await client.me(refreshed.access).status == .unauthorized)
        }
    }

    /// They are known by another claim.
    @Test func aTokenIsNotNamedByAJTIThatTokensDoNotHave() async throws {
        var issuer = try await stage.trustedIssuer()
        issuer.claimNames.token = "uti"
        let providers = try await stage.providers(Self.all, issuers: [issuer])
        let node = try await TestNode(issuers: [issuer], providers: providers, labels: EventStage.labels)
        let subject = ["format": "jwt_id", "iss": EventStage.issuer, "jti": "t-1"]
        try await node.test { client in
            let answer = try await client.push(try stage.event(EventStage.caep + "token-claims-change", subject))
            #expect(try answer.errorCode() == "invalid_request")
        }
    }

    /// Tokens without a session end only with their subject; a session alone is refused.
    @Test func aSessionThatTokensNeedNotNameEndsWithItsUser() async throws {
        let type = EventStage.caep + "session-revoked"
        try await stage.node(Self.all, namesSessions: false).test { client in
            let alone: JSONObject = ["format": "complex", "session": opaque("s-1")]
            let refused = try await client.push(try stage.event(type, alone))
            #expect(refused.status == .badRequest)
            let both: JSONObject = ["format": "complex", "session": opaque("s-1"), "user": stage.user()]
            let answer = try await client.push(try stage.event(type, both))
            #expect(answer.status == .accepted)
            #expect(try await client.me(try stage.accessToken(session: nil)).status == .unauthorized)
        }
    }

    /// An event that names a token does not say how long it lives: other nodes may issue longer-lived ones.
    @Test func aNamedTokenIsRevokedForTheLongestLifetimeOfTheTerms() async throws {
        let node = try await stage.node(Self.all)
        let subject = ["format": "jwt_id", "iss": EventStage.issuer, "jti": "t-1"]
        let event = try stage.event(EventStage.caep + "token-claims-change", subject)
        try await node.test { client in
            let answer = try await client.push(event)
            #expect(answer.status == .accepted)
        }
        let lifetimes = try await node.denylist.lifetimes(of: EventStage.issuer)
        node.clock.wall += lifetimes.token - 1
        let verdict = await node.denylist.verdict(of: .token("t-1"), issuer: EventStage.issuer)
        if case .revoked(_) = verdict { return }
        Issue.record("it is \(verdict)")
    }

    @Test func theMostOfAComplexSubject() async throws {
        let entry = #""accepts":["events"],"events":{"urn:all":"subject","urn:one":"session"}"#
        let subject: JSONObject = ["format": "complex", "session": opaque("s-1"), "user": stage.user()]
        #expect(try await ends("urn:all", subject, entry: entry) == [true, true, false])
        #expect(try await ends("urn:one", subject, entry: entry) == [true, false, false])
    }
}
