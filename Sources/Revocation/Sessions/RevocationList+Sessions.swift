import Contract

// What nodes know of a subject's sessions: one plain key that expires, beside the denylist. It decides nothing.
extension RevocationList {
    /// The record of a subject's sessions; nil if there is none.
    /// - Throws: ``RevocationError/Code/unknownIssuer``, or if the store is away.
    package func sessionRecord(of subject: String, issuer: String) async throws(RevocationError) -> [UInt8]? {
        let key = try await sessionKey(subject, issuer)
        return try await acting { () async throws(StoreFailure) in try await backend.lookUp([key]).first ?? nil }
    }

    /// Replaces the record, if it is still the one that was read. So of two servers that change it neither undoes what
    /// the other did.
    /// - Returns: false if it is another one by now.
    /// - Throws: as ``sessionRecord(of:issuer:)``.
    package func exchangeSessionRecord(
        of subject: String, issuer: String, _ held: [UInt8]?, for new: [UInt8], secondsToLive: Int64
    ) async throws(RevocationError) -> Bool {
        let key = try await sessionKey(subject, issuer)
        return try await acting { () async throws(StoreFailure) in
            try await backend.exchange(key, held, for: new, secondsToLive: secondsToLive)
        }
    }

    /// The key of the subject's cut-off behind a word of its own, so that it is no guarded key.
    private func sessionKey(_ subject: String, _ issuer: String) async throws(RevocationError) -> String {
        let contact = await contact()
        guard let terms = contact.terms, let issuer = terms.issuer(issuer) else {
            throw RevocationError(.unknownIssuer, contact.cause?.message ?? Self.unknownIssuer.message)
        }
        return "sessions:" + (try issuer.namespace.revocationKey(for: .subject(subject)))
    }
}
