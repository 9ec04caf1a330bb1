import Contract
import Revocation
import RevocationHTTP

/// An identity provider that tells us of log-outs and of security events, and what it may end by them.
package struct IdentityProvider: Sendable {
    /// The ways by which it may tell us.
    package enum Way: String, Sendable, Decodable, CaseIterable {
        /// Log-out tokens at `/backchannel-logout`.
        case logout
        /// Requests at `/global-token-revocation`.
        case revocation
        /// Security event tokens, sent to `/events` or polled.
        case events
    }

    /// Its `iss`, with what its tokens' `aud` must name, and its keys.
    let issuer: TrustedIssuer
    /// Whether it is one of the issuers whose keys can be revoked on the denylist.
    let issuesTokens: Bool
    let ways: Set<Way>
    /// The issuer whose tokens it ends, and whom it may name.
    let revokes: String
    let subjects: SubjectMapping
    let table: EventTable
    /// Header `typ` of its requests at `/global-token-revocation`.
    let requestTypes: Set<String>
    /// What its requests at `/events` must have in `Authorization`; nil for anything.
    let authorization: String?
    /// What identifies its stream; nil for any (SSF 1.0 §8.1.4.1).
    let stream: String?
    /// What `state` of a verification must be; nil if no verification with one was asked for.
    let verificationState: String?
    let poll: Poll?

    /// A stream of events that has to be asked for them.
    struct Poll: Sendable {
        let configuration: EventPollConfiguration
        let endpoint: JSONEndpoint
    }

    /// What one of its tokens has to be.
    func profile(_ way: Way) -> TokenProfile? {
        guard ways.contains(way) else { return nil }
        switch way {
        case .logout: return LogoutClaims.profile(audiences: issuer.audiences)
        case .events: return SecurityEventClaims.profile(audiences: issuer.audiences)
        case .revocation:
            var profile = TokenProfile(types: requestTypes, audiences: issuer.audiences)
            profile.forbiddenClaims = ["nonce", "events"]
            profile.claimNames.clients = []
            profile.times = .message(needsExpiry: true, maximumAge: EventIntake.maximumAge)
            return profile
        }
    }

    /// What a security event token revokes.
    /// - Parameter latestExpiry: when the last of the present tokens has expired, Unix milliseconds.
    /// - Returns: nothing for events that change nothing. An event that has to revoke something, and names something
    ///   that cannot be revoked, is refused.
    func orders(for claims: SecurityEventClaims, expiringBy latestExpiry: Int64) -> EventOrders {
        var orders = EventOrders()
        for event in claims.events {
            do throws(EventRefusal) {
                if let named = try named(by: event, expiringBy: latestExpiry) { orders.add(named, event.reason) }
            } catch { orders.refuse(error) }
        }
        return orders
    }

    /// - Returns: nil for an event that revokes nothing.
    private func named(
        by event: SecurityEventClaims.Event, expiringBy latestExpiry: Int64
    ) throws(EventRefusal) -> SubjectMapping.Named? {
        guard event.type != EventTable.verification, event.type != EventTable.streamUpdated else {
            try check(event)
            return nil
        }
        let effect = table.effect(of: event.type, change: event.change)
        guard effect != .ignore else { return nil }
        guard let subject = event.subject else {
            throw EventRefusal(.invalidRequest, "the event has no subject, or none that can be read")
        }
        return try subjects.requests(
            for: subject, effect, mayNameSession: event.type == EventTable.sessionRevoked, expiringBy: latestExpiry)
    }

    /// Checks an event about the stream itself.
    private func check(_ event: SecurityEventClaims.Event) throws(EventRefusal) {
        guard case .identifier("opaque", let name) = event.subject, stream.map({ $0.isExactly(name) }) ?? true else {
            throw EventRefusal(.invalidRequest, "the event is not about this stream")
        }
        guard event.type == EventTable.verification, let state = event.state else { return }
        guard verificationState?.isExactly(state) == true else {
            throw EventRefusal(.invalidState, "no verification with this state was asked for")
        }
    }
}

extension SecurityEventClaims.Event {
    /// The last part of the type, as sessions and tokens show it.
    fileprivate var reason: Reason {
        let name = type.split(separator: "/").last.map { String($0) } ?? ""
        return name == "credential-compromise" ? .compromised : (try? Reason(name)) ?? .admin
    }
}
