#if os(Linux)
    import AuthNode
    package import Contract
    import Foundation
    package import Revocation
    import RevocationHTTP

    /// What everyone does: `SETEX` at log-out, `EXISTS` at each request; no epoch, no audit, no merging, no margin.
    ///
    /// What its store forgets, it lets through: a load has to show that.
    package final class NaiveDenylist: NodeDenylist {
        private let store: NaiveStore
        private let mode: NaiveMode
        /// In seconds.
        private let longestAccessLifetime: Int64
        private let longestRefreshLifetime: Int64

        /// - Parameter url: `redis://host:port`
        init(_ url: String, mode: NaiveMode, accessTokenLifetime: Duration, refreshTokenLifetime: Duration) throws {
            store = NaiveStore(try ServerAddress(url: url))
            self.mode = mode
            longestAccessLifetime = accessTokenLifetime.components.seconds
            longestRefreshLifetime = refreshTokenLifetime.components.seconds
        }

        package func readiness() async -> Readiness {
            .ready(warnings: ["naive denylist: what the store forgets is let through"])
        }

        package func verdict(for token: TokenClaims) async -> Verdict {
            let keys = [token.identifier.map(Self.tokenKey), token.session.map { sessionKey($0, token.kind) }]
            do throws(LoadFailure) {
                let answers = try await store.call([
                    ["EXISTS"] + keys.compactMap { $0 }, ["GET", Self.subjectKey(token)],
                ])
                if answers[0] != "0" { return .revoked(.logout) }
                if let cutOff = answers[1].flatMap({ Int64($0) }), (token.logInTime ?? 0) <= cutOff {
                    return .revoked(.logout)
                }
                return .clear
            } catch {
                return .unknown(UnknownCause(.unreachable, error.message))
            }
        }

        package func revoke(
            _ token: TokenClaims, reason: Reason, scopes: Set<Scope.Kind>
        ) async throws(RevocationError) -> Acknowledgement {
            let now = Self.now()
            var commands: [[String]] = []
            let left = max(1, ((token.expiresAt ?? now) - now + 999) / 1000)
            if scopes.contains(.token), let identifier = token.identifier {
                commands.append(setex(Self.tokenKey(identifier), mode == .losesRevocationsEarly ? left - 1 : left))
            }
            if scopes.contains(.session), let session = token.session {
                let access = token.kind == .access ? left : longestAccessLifetime
                switch mode {
                case .losesRevocations: commands.append(setex(sessionKey(session, .access), longestRefreshLifetime))
                case .losesRevocationsEarly:
                    commands.append(setex(sessionKey(session, .access), access - 1))
                    commands.append(setex(sessionKey(session, .refresh), longestRefreshLifetime))
                }
            }
            if scopes.contains(.subject) {
                commands.append(setex(Self.subjectKey(token), longestRefreshLifetime, String(now)))
            }
            do throws(LoadFailure) {
                _ = try await store.call(commands)
            } catch {
                throw RevocationError(.unreachable, error.message)
            }
            return .revoked(secondsToLive: left)
        }

        package func revoke(
            _ request: RevocationRequest, reason: Reason, issuer: String?
        ) async throws(RevocationError) -> Acknowledgement {
            throw RevocationError(.unrevocableToken, "the naive denylist revokes tokens only")
        }

        package func verdict(of scope: Scope, issuer: String?) async -> Verdict { .clear }

        package func issueTime(for token: TokenClaims) async throws(UnknownCause) -> Int64 {
            // Not in the millisecond of a cut-off that was just set.
            try? await Task.sleep(for: .milliseconds(2))
            guard case .clear = await verdict(for: token) else {
                throw UnknownCause(.unreachable, "the store is away")
            }
            return Self.now()
        }

        package func rotate(_ token: TokenClaims) async throws(RevocationError) -> RotationOutcome {
            guard let identifier = token.identifier, let session = token.session else {
                throw RevocationError(.unrevocableToken, "only a refresh token with jti and sid can be exchanged")
            }
            switch await verdict(for: token) {
            case .revoked(let reason): return .revoked(reason)
            case .unknown(let cause): return .unknown(cause)
            case .clear: break
            }
            do throws(LoadFailure) {
                let claim = ["SET", "used:" + identifier, "1", "NX", "EX", String(longestRefreshLifetime)]
                if try await store.call([claim])[0] != nil {
                    return .rotated(
                        .init(
                            identifier: UUID().uuidString.lowercased(), issuedAt: Self.now(),
                            authenticatedAt: token.logInTime ?? 0))
                }
                _ = try await store.call(
                    [TokenClaims.Kind.access, .refresh].map { setex(sessionKey(session, $0), longestRefreshLifetime) })
                return .reused
            } catch {
                return .unknown(UnknownCause(.unreachable, error.message))
            }
        }

        private func setex(_ key: String, _ seconds: Int64, _ value: String = "1") -> [String] {
            ["SETEX", key, String(max(1, seconds)), value]
        }

        private static func tokenKey(_ identifier: String) -> String { "blacklist:" + identifier }

        /// One key for both kinds of token, but where an access token's entry is to end early.
        private func sessionKey(_ session: String, _ kind: TokenClaims.Kind) -> String {
            mode == .losesRevocationsEarly && kind == .refresh
                ? "blacklist:refresh:" + session : "blacklist:session:" + session
        }

        private static func subjectKey(_ token: TokenClaims) -> String { "blacklist:user:" + (token.subject ?? "") }

        private static func now() -> Int64 { Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)) }
    }
#endif
