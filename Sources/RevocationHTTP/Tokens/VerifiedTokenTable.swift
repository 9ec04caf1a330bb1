import Contract
import Crypto
import Synchronization

/// The access and refresh tokens that this process has verified, so that each signature is verified once. It holds only
/// what depends neither on time nor on the denylist. Every other judgement is made at each request, so an answer is the
/// same as without it.
final class VerifiedTokenTable: Sendable {
    /// Of each of two generations.
    private static let capacity = 10_000
    /// The identifiers of a token together. One with longer ones is not remembered.
    private static let maximumIdentifierBytes = 1024

    /// A keyed hash of a whole token. Without the key no two tokens can be made that share one.
    struct Digest: Hashable {
        private let high: UInt64
        private let low: UInt64

        fileprivate init(_ token: String, _ keyed: HMAC<SHA256>) {
            var code = keyed
            code.update(data: Array(token.utf8))
            var words: [UInt64] = [0, 0]
            for (index, byte) in code.finalize().enumerated() where index < 16 {
                words[index >> 3] = words[index >> 3] << 8 | UInt64(byte)
            }
            (high, low) = (words[0], words[1])
        }
    }

    /// An object: it is copied at each request.
    final class Entry: Sendable {
        let claims: TokenClaims
        let times: TokenTimes
        let issuer: TrustedIssuer
        /// The `kid` of its header.
        let kid: String?
        let signer: VerificationKeys.Key

        init(_ token: VerifiedToken, _ claims: TokenClaims, kid: String?) {
            self.claims = claims
            times = token.times
            issuer = token.issuer
            self.kid = kid
            signer = token.signer
        }
    }

    /// With the key taken in, and nothing else: each digest begins with a copy.
    private let keyed = HMAC<SHA256>(key: SymmetricKey(size: .bits256))
    private let entries = Mutex(BoundedTable<Digest, Entry>(capacity: capacity))

    func digest(of token: String) -> Digest { Digest(token, keyed) }

    subscript(digest: Digest) -> Entry? { entries.withLock { $0[digest] } }

    func insert(_ entry: Entry, _ digest: Digest) {
        let claims = entry.claims
        let identifiers = [claims.subject, claims.session, claims.identifier, claims.client, entry.kid]
        let bytes = identifiers.reduce(0) { $0 + ($1?.utf8.count ?? 0) }
        guard bytes <= Self.maximumIdentifierBytes else { return }
        entries.withLock { $0.set(entry, for: digest) }
    }

    func remove(_ digest: Digest) { entries.withLock { $0.remove(digest) } }
}
