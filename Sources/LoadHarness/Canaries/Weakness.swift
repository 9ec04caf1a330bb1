/// A protection that is taken out of a node: each is one that some rule of the oracle rests on.
enum Weakness: String, Sendable, CaseIterable {
    // What is looked up.
    case ignoresTokens, ignoresSessions, ignoresSubjects, ignoresClients, ignoresAll, ignoresKeys
    // What is written.
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
    /// Believes whichever store answers.
    case believesAnyEpoch
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
    /// Its clock is 200 s ahead, and it does not care.
    case trustsFastClock
    /// Believes keys that their issuer has withdrawn.
    case keepsWithdrawnKeys
    /// Accepts tokens that live longer than revocations are kept.
    case acceptsLongLived
    /// Has no store at all.
    case hasNoStore
}
