#if os(Linux)
    import Foundation
    import RevocationHTTP
    import Synchronization

    /// The key sets of other issuers, as nodes fetch them. Time runs a hundred times as fast for them: what is fresh
    /// for five minutes is for three seconds here.
    final class CanaryKeySets: Sendable {
        private static let haste = 100
        /// So long after a withdrawal every node has fetched the key set again.
        static let bound: Duration = .seconds(8)

        private let keySets: Mutex<[String: Data]>
        private let start = ContinuousClock.now

        init(_ issuers: [OtherIssuer]) {
            keySets = Mutex(Dictionary(uniqueKeysWithValues: issuers.map { ($0.name, OtherIssuer.keySet($0.keys)) }))
        }

        func publish(_ keys: [OtherIssuer.Key], of issuer: String) {
            keySets.withLock { $0[issuer] = OtherIssuer.keySet(keys) }
        }

        /// What a node trusts.
        func trusted(_ issuer: OtherIssuer, _ weakness: Weakness?) -> TrustedIssuer {
            let name = issuer.name
            let start = start
            let cache = KeySetCache(
                logger: .silent, now: { start + (ContinuousClock.now - start) * Self.haste },
                fetch: { [self] () async throws(VerificationKeysError) in keySets.withLock { $0[name] ?? Data() } })
            if weakness == .believesStrangersKeys { publish(issuer.keys + [issuer.strangersKey], of: name) }
            let keys: any KeySource = weakness == .keepsWithdrawnKeys ? FirstKeys(cache) : cache
            var trusted = TrustedIssuer(name: issuer.name, audience: issuer.audience, keys: keys)
            trusted.lead = issuer.lead
            return trusted
        }

        /// Whatever was there first is believed for good.
        private final class FirstKeys: KeySource {
            private let source: KeySetCache
            private let first = Mutex<VerificationKeys?>(nil)

            init(_ source: KeySetCache) { self.source = source }

            var status: KeySourceStatus { source.status }

            func keys(for identifier: String?) async throws(TokenRejection) -> VerificationKeys {
                if let known = first.withLock({ $0 }) { return known }
                let keys = try await source.keys(for: identifier)
                return first.withLock { first in
                    first = first ?? keys
                    return first ?? keys
                }
            }

            func keys(
                for identifier: String?, until suffices: (VerificationKeys) -> Bool
            ) async throws(TokenRejection) -> VerificationKeys { try await keys(for: identifier) }
        }
    }
#endif
