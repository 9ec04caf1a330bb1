#if os(Linux)
    import Foundation

    /// Another issuer during a load: whom it has given tokens, and which key signs.
    final class GuestIssuer {
        /// How long its tokens live, in seconds.
        static let lifetime: Int64 = 120

        let setup: OtherIssuer
        let record: IssuerRecord
        let users: [SimulatedUser]
        private let clients: [String]
        private let storeClock: StoreClockBand
        private var signer = 0

        init(_ setup: OtherIssuer, users: Int, devices: Int, clients: [String], storeClock: StoreClockBand) {
            self.setup = setup
            self.clients = clients.isEmpty ? ["elsewhere"] : clients
            self.storeClock = storeClock
            let record = IssuerRecord(setup.name, label: setup.name)
            self.record = record
            self.users = (0..<users).map { number in
                SimulatedUser(name: "guest-\(number)", devices: devices, issuer: record)
            }
        }

        /// The key that signs now.
        var key: OtherIssuer.Key { setup.keys[signer] }

        /// Whether there is another one for when this one is revoked.
        var hasAnotherKey: Bool { signer + 1 < setup.keys.count }

        /// Signs with the next key.
        func changeKey() { signer += 1 }

        /// Keys that signed before this one: revoked, withdrawn, or about to be.
        var earlierKeys: ArraySlice<OtherIssuer.Key> { setup.keys[..<signer] }

        /// A token from a log-in that happens now.
        /// - Parameter moved: where its times are wrong on purpose: `iat` and `exp` are put forward by so much.
        /// - Parameter wall: Unix time less the harness' clock, in nanoseconds.
        /// - Parameter signer: nil for the key that signs now.
        func token(
            for user: SimulatedUser, session: SessionRecord, identifier: String, client: Int, at now: Int64,
            wall: Int64, moved: (issue: Duration, expiry: Duration) = (.zero, .zero),
            signedBy signer: OtherIssuer.Key? = nil
        ) -> TokenRecord? {
            let issuedAt = now + setup.ahead.inNanoseconds + moved.issue.inNanoseconds
            let milliseconds = (wall + issuedAt) / 1_000_000
            let claims = OtherIssuer.Claims(
                subject: user.name, session: identifier, identifier: UUID().uuidString.lowercased(),
                client: clients[client % clients.count], issuedAt: milliseconds,
                expiresAt: milliseconds / 1000 + Self.lifetime + moved.expiry.components.seconds)
            guard let text = try? setup.token(claims, signedBy: signer ?? key) else { return nil }
            // A cut-off covers what the issuer's clock may be ahead of the store's.
            let logIn = storeClock.span(ofTime: issuedAt - setup.lead.inNanoseconds)
            return TokenRecord(
                .access, of: session, text: text, logIn: logIn, expiresAt: text.expiresAt * 1_000_000_000 - wall)
        }
    }

    /// How far the store's clock may be from the harness', in nanoseconds: only what another issuer's clock says is
    /// judged by it.
    struct StoreClockBand: Sendable {
        var behind: Int64 = 100_000_000
        var ahead: Int64 = 100_000_000

        /// When the store's clock may have shown a time of the harness'.
        func span(ofTime time: Int64) -> LogInSpan { LogInSpan(sentAt: time - ahead, receivedAt: time + behind) }
    }
#endif
