import AuthNode
import Revocation

/// A protection that is taken out of a node: each is one that some rule of the oracle rests on.
enum Weakness: String, Sendable, CaseIterable {
    // What is looked up.
    case ignoresTokens, ignoresSessions, ignoresSubjects, ignoresClients, ignoresAll, ignoresKeys
    // What is written.
    /// Goes by its own settings, whatever the denylist's terms say.
    case ignoresTerms
    /// Acknowledges what was reckoned from terms that have changed.
    case ignoresTermsOfWrites
    /// Acknowledges what it never wrote.
    case acknowledgesUnwritten
    /// Its writes go to another store than its checks, and prove nothing.
    case writesElsewhere
    /// Its cut-offs end at the store's time, and other issuers' clocks are ahead of it.
    case ignoresLead
    /// A later cut-off replaces an earlier one, even with a smaller one.
    case replacesCutOffs
    /// The time of a cut-off was read two seconds before.
    case readsTimeEarly
    // What it believes.
    /// Believes whichever store answers, without an operator's acceptance.
    case needsNoAcceptance
    /// Is moved by an acceptance that names another epoch than the one that it holds.
    case believesOthersAcceptances
    /// Keeps no state file: what it had pinned is forgotten when it starts again.
    case keepsNoState
    /// Pins an epoch whose replacement of another no operator has accepted.
    case pinsUnaccepted
    /// Goes by what it knew for a minute.
    case knowsForTooLong
    /// Goes by what it knew of tokens that it has revoked itself.
    case forgetsOwnRevocations
    // Log-ins and refreshes.
    /// Compares cut-offs with `iat`, which a refresh renews.
    case ignoresLogInTime
    /// Mints without stepping over cut-offs.
    case mintsBehindCutOffs
    /// Looks whether a refresh token was used, and writes it down afterwards.
    case rotatesInTwoSteps
    /// Takes any password for the right one.
    case acceptsAnyPassword
    /// Takes a refresh token for an access token.
    case acceptsRefreshTokens
    /// Spares the session of a refresh token that was used twice.
    case sparesReusedSessions
    // Clocks and keys.
    /// Does not compare its clock with the store's.
    case ignoresSkew
    /// Neither that, nor does it judge expiry by the store's time.
    case trustsOwnClock
    /// Of the daemon: guarded time begins with the wall clock at every start.
    case losesGuardedTime
    /// Believes keys that their issuer has never published.
    case believesStrangersKeys
    /// Believes keys that their issuer has withdrawn.
    case keepsWithdrawnKeys
    /// Accepts tokens that live longer than revocations are kept.
    case acceptsLongLived
    /// Has no store at all.
    case hasNoStore
}

extension Weakness {
    /// What a node is told to leave out.
    var omittedOfNode: OmittedNodeProtection? {
        switch self {
        case .acceptsAnyPassword: .passwords
        case .acceptsRefreshTokens: .tokenKinds
        default: nil
        }
    }

    /// What the client library is told to leave out.
    var omitted: OmittedProtection? {
        switch self {
        case .ignoresTerms: .terms
        case .ignoresTermsOfWrites: .termsOfWrites
        case .needsNoAcceptance: .acceptance
        case .believesOthersAcceptances: .replacedEpoch
        case .pinsUnaccepted: .bareEpoch
        default: nil
        }
    }
}
