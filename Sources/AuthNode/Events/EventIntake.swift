import Contract
import Crypto
import Foundation
import Logging
import Revocation
import RevocationHTTP

/// Takes what identity providers tell: verifies a message, revokes what it names, then notes that it was used.
///
/// A message counts as used only once its revocations are durable. So one that was refused, or cut off by the end of
/// this process, can be sent again. The note is a revocation of the message's own token: every node finds it on the
/// denylist, no eviction takes it away, and nodes need no right that they do not have already.
struct EventIntake: Sendable {
    /// How old a message may be. As long it is remembered, if the store keeps revocations for as long.
    static let maximumAge: Duration = .seconds(30 * 86_400)

    /// Why nothing is acknowledged.
    enum Failure: Error, Equatable {
        /// Another attempt would fail, too.
        case refused(EventRefusal)
        /// It may be sent again. The text says why.
        case unsettled(String)
    }

    enum Outcome: Equatable {
        case revoked
        /// It was acknowledged before, and changed nothing now.
        case repeated
        /// It tells of nothing that revokes anything here.
        case ignored
    }

    /// A message whose signature, issuer, audience, times and claims are good.
    struct Message<Claims: Sendable>: Sendable {
        let provider: IdentityProvider
        let token: VerifiedToken
        /// Its `jti`.
        let identifier: String
        let claims: Claims
        /// Until when its note is kept: until it would be refused for its age, or for as long as the store keeps any.
        let notedUntil: Int64
        /// When the last of the present tokens that it may end has expired, Unix milliseconds.
        let latestExpiry: Int64
    }

    let denylist: any NodeDenylist
    let clock: WallClock
    private let verifier: TokenVerifier
    private let providers: [ExactString: IdentityProvider]

    /// Whether there is no provider.
    var isEmpty: Bool { providers.isEmpty }

    /// Whether a provider may end an issuer's tokens in this way.
    func accepts(_ way: IdentityProvider.Way, for issuer: String) -> Bool {
        providers.values.contains { $0.ways.contains(way) && $0.revokes.isExactly(issuer) }
    }

    /// - Parameter providers: each with a name of its own.
    init(_ providers: [IdentityProvider], denylist: any NodeDenylist, leeway: Duration, clock: WallClock) {
        self.denylist = denylist
        self.clock = clock
        verifier = TokenVerifier(issuers: providers.map(\.issuer), leeway: leeway, clock: clock)
        self.providers = Dictionary(uniqueKeysWithValues: providers.map { (ExactString($0.issuer.name), $0) })
    }

    /// Verifies a security event token, and carries it out.
    /// - Parameters:
    ///   - isSuspect, authenticate: as in ``verified(_:_:_:authenticate:)``.
    func receive(
        _ token: String, logger: Logger, _ isSuspect: inout Bool,
        authenticate: (IdentityProvider) throws(EventRefusal) -> Void
    ) async throws(Failure) -> Outcome {
        let message: Message<SecurityEventClaims> = try await verified(
            token, .events, &isSuspect
        ) { (provider) throws(EventRefusal) in
            do throws(EventRefusal) { try authenticate(provider) } catch {
                Self.warn(of: error, provider, logger)
                throw error
            }
        }
        do throws(Failure) {
            let orders = message.provider.orders(for: message.claims, expiringBy: message.latestExpiry)
            for status in orders.refusal == nil ? message.claims.events.compactMap(\.streamStatus) : [] {
                logger.notice(
                    "an identity provider has changed its stream of events", metadata: ["status": "\(status)"])
            }
            let outcome = try await carryOut(orders, of: message)
            if outcome == .revoked { logger.debug("an identity provider has told of an event: tokens are revoked") }
            return outcome
        } catch {
            if case .refused(let refusal) = error { Self.warn(of: refusal, message.provider, logger) }
            throw error
        }
    }

    private static func warn(of refusal: EventRefusal, _ provider: IdentityProvider, _ logger: Logger) {
        logger.warning(
            "an event of an identity provider was refused",
            metadata: ["issuer": "\(provider.issuer.name)", "reason": "\(refusal.message)"])
    }

    /// Verifies a message. Neither the store nor a key is read for one that names another issuer, type, way or
    /// audience, and the store not for one that its provider did not send here.
    /// - Parameters:
    ///   - isSuspect: whether it is refused, and its provider is not known to have sent it here. An ID token or an old
    ///     message has a good signature, too. One of another issuer or for another receiver is not suspect: a provider
    ///     sends it here from its own address if another of its customers gives this node as the receiver. It costs no
    ///     more than to read it.
    ///   - authenticate: checks who sent it, beside its signature.
    func verified<Claims: Decodable & Sendable>(
        _ token: String, _ way: IdentityProvider.Way, _ isSuspect: inout Bool,
        authenticate: (IdentityProvider) throws(EventRefusal) -> Void = { (_) throws(EventRefusal) in }
    ) async throws(Failure) -> Message<Claims> {
        let verified: VerifiedToken
        let claims: Claims
        var named: TrustedIssuer?
        isSuspect = true
        do throws(TokenRejection) {
            verified = try await verifier.verify(token) { issuer in
                named = issuer
                return providers[ExactString(issuer.name)]?.profile(way)
            }
            claims = try verified.decode()
        } catch {
            switch error.code {
            // Without known keys no message can be proven: the provider's own fail, too.
            case .keysUnavailable: isSuspect = named?.keys.status.keyCount != nil
            case .wrongIssuer, .wrongAudience: isSuspect = false
            default: break
            }
            throw Failure(error)
        }
        guard let provider = providers[ExactString(verified.issuer.name)] else {
            throw .refused(EventRefusal(.invalidIssuer, "the token is from another issuer"))
        }
        guard let identifier = verified.payload.identifier, !identifier.isEmpty,
            let issuedAt = verified.payload.issuedAt
        else { throw .refused(EventRefusal(.invalidRequest, "the token has no jti")) }
        try Self.unrefused { () throws(EventRefusal) in try authenticate(provider) }
        isSuspect = false
        let lifetimes: RevocationLifetimes
        do throws(UnknownCause) { lifetimes = try await denylist.lifetimes(of: provider.revokes) } catch {
            throw .unsettled(error.message)
        }
        let now = clock.now
        let refusedFrom = issuedAt + Int64(Self.maximumAge / .milliseconds(1))
        // The store's clock may be behind this one, and the margin is added to a note, too.
        let keptUntil = now + lifetimes.revocation - Limits.marginMilliseconds - Limits.maximumSkewMilliseconds
        let message = Message(
            provider: provider, token: verified, identifier: identifier, claims: claims,
            notedUntil: min(verified.payload.expiresAt ?? refusedFrom, refusedFrom, keptUntil),
            latestExpiry: now + lifetimes.token)
        isSuspect = try await isSignedByRevokedKey(message)
        if isSuspect { throw .refused(EventRefusal(.invalidKey, "the key that signed the token is revoked")) }
        return message
    }

    /// A stolen key signs messages, too.
    private func isSignedByRevokedKey(_ message: Message<some Sendable>) async throws(Failure) -> Bool {
        guard message.provider.issuesTokens else { return false }
        switch await denylist.verdict(of: .key(message.token.key), issuer: message.provider.issuer.name) {
        case .clear: return false
        case .revoked: return true
        case .unknown(let cause): throw .unsettled(cause.message)
        }
    }

    /// Revokes what a message names. Returns once that is durable, and the message is noted as used.
    ///
    /// A message of which only a part can be revoked is refused after that, each time that it comes.
    func carryOut(_ orders: EventOrders, of message: Message<some Sendable>) async throws(Failure) -> Outcome {
        let outcome = orders.all.isEmpty ? .ignored : try await revoke(orders, message)
        if let refusal = orders.refusal { throw .refused(refusal) }
        return outcome
    }

    private func revoke(_ orders: EventOrders, _ message: Message<some Sendable>) async throws(Failure) -> Outcome {
        let issuer = message.provider.revokes
        let note = Self.note(of: message, orders.all.map(\.request.scope))
        switch await denylist.verdict(of: .token(note), issuer: issuer) {
        case .clear: break
        case .revoked: return .repeated
        case .unknown(let cause): throw .unsettled(cause.message)
        }
        for order in orders.all { try await revoke(order.request, order.reason, issuer) }
        try await revoke(.token(note, expiresAt: message.notedUntil), .usedMessage, issuer)
        return .revoked
    }

    /// - Throws: ``Failure/refused(_:)``.
    static func unrefused<Value>(_ read: () throws(EventRefusal) -> Value) throws(Failure) -> Value {
        do throws(EventRefusal) { return try read() } catch { throw .refused(error) }
    }

    private func revoke(_ request: RevocationRequest, _ reason: Reason, _ issuer: String) async throws(Failure) {
        let acknowledgement: Acknowledgement
        do throws(RevocationError) {
            acknowledgement = try await denylist.revoke(request, reason: reason, issuer: issuer)
        } catch {
            guard error.code == .unrevocableToken else { throw .unsettled(error.message) }
            throw .refused(EventRefusal(.invalidRequest, error.message))
        }
        if case .revokedOnTooFewReplicas = acknowledgement.outcome {
            throw .unsettled("too few replicas know the revocation")
        }
    }

    /// The name of the note among the identifiers of tokens. Issuer and `jti` are hashed together: the note may stand
    /// among another issuer's tokens. What is revoked is hashed, too: a caller may use one token for several users.
    private static func note(of message: Message<some Sendable>, _ scopes: [Scope]) -> String {
        var hash = SHA256()
        for text in [message.provider.issuer.name, message.identifier] + scopes.flatMap(\.texts) {
            withUnsafeBytes(of: UInt64(text.utf8.count).bigEndian) { hash.update(bufferPointer: $0) }
            hash.update(data: Data(text.utf8))
        }
        return "event:" + Base64URL.encode(hash.finalize())
    }
}

extension Scope {
    /// Its kind and its identifier.
    fileprivate var texts: [String] {
        switch self {
        case .token(let identifier), .session(let identifier), .subject(let identifier), .client(let identifier),
            .key(let identifier):
            [kind.word, identifier]
        case .all: [kind.word]
        }
    }
}

extension EventIntake.Failure {
    init(_ rejection: TokenRejection) {
        let code: EventRefusal.Code
        switch rejection.code {
        case .keysUnavailable:
            self = .unsettled(rejection.message)
            return
        case .unknownKey, .wrongAlgorithm: code = .invalidKey
        case .badSignature: code = .authenticationFailed
        case .wrongIssuer: code = .invalidIssuer
        case .wrongAudience: code = .invalidAudience
        case .oversized, .malformed, .unusableClaims, .wrongType, .unsupportedExtension, .withoutExpiry, .expired,
            .notYetValid, .withoutIssueTime, .tooLongLived:
            code = .invalidRequest
        }
        self = .refused(EventRefusal(code, rejection.message))
    }
}
