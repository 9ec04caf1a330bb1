import Contract

@testable import Revocation

extension PinnedEpoch {
    /// With terms that the store has: of one issuer, whatever its name.
    convenience init(_ epoch: [UInt8]) {
        self.init(epoch, terms: .sample)
    }
}

extension TermsInForce {
    static func sample(lead: Int64) -> TermsInForce? {
        guard let terms = try? Terms(issuers: [.init(name: nil, lead: lead, lifetime: 30 * 86_400_000)]) else {
            return nil
        }
        return try? TermsInForce(terms, prefix: Namespace.defaultPrefix, bytes: terms.bytes)
    }

    static let sample: TermsInForce = {
        do {
            let terms = try Terms(issuers: [.init(name: nil, lifetime: 30 * 86_400_000)])
            return try TermsInForce(terms, prefix: Namespace.defaultPrefix, bytes: terms.bytes)
        } catch {
            preconditionFailure("these are terms: \(error)")
        }
    }()
}

extension Backend {
    /// For a test that looks for itself what was written.
    func write(_ entries: [RevocationEntry]) async throws { _ = try await write(entries, under: nil, receipt: false) }
}

extension RedisBackend {
    /// For a test that knows which store it speaks to.
    func replies(_ commands: [Command]) async throws(StoreFailure) -> [Reply] {
        try await send(commands).unproven { $0 }
    }
}
