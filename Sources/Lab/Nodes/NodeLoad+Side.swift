#if os(Linux)
    import CLinux
    import Contract
    import Foundation
    import Revocation

    /// What is asked by the command line and the library, beside the nodes.
    extension NodeLoad {
        /// At once, at most.
        private static let sideOperationsAtOnce = 2
        private static let attempts = 16
        /// How long a token that is asked for must still live, in nanoseconds: `revoked check` knows no expiry.
        private static let leastLife: Int64 = 25_000_000_000

        /// The command line stands behind the nodes in their order.
        var side: Int { plan.nodes.count }

        /// Starts what is due.
        func runSide(_ now: Int64) {
            guard let commandLine = plan.commandLine, now >= sideAt, sideOperations.count < Self.sideOperationsAtOnce,
                let choice = sideRetries.take(at: now).map({ .revoke($0) }) ?? chooseSide(now, commandLine)
            else { return }
            sideAt = now + Int64(1e9 / plan.sidesPerSecond)
            let number = sideNumber
            sideNumber += 1
            let sentAt = clinux_time()
            sideOperations[number] = (begin(choice, to: side, at: sentAt), sentAt)
            let work = work(choice, commandLine)
            sideTasks.start(number, work)
        }

        /// Has judged what has ended.
        func takeSideResults() {
            for (number, answer) in sideTasks.take() {
                guard let (operation, sentAt) = sideOperations.removeValue(forKey: number) else { continue }
                let now = clinux_time()
                conclude(operation, .side(answer), Sent(to: side, at: sentAt, intendedAt: sentAt), at: now)
            }
        }

        private func chooseSide(_ now: Int64, _ commandLine: CommandLineClient) -> Choice? {
            guard phase == .running, let (device, access, guest) = deviceToNameAside(now) else { return nil }
            let number = random.next(below: 100)
            let startsProcesses = commandLine.startsProcesses
            switch number {
            case 0..<45 where startsProcesses: return .check(tokenToNameAside(access, now), .commandLine)
            case 0..<70: return .check(tokenToNameAside(access, now), .library)
            default: break
            }
            guard !device.isBusy else { return nil }
            let means: RevocationOrder.Means = startsProcesses && number % 2 == 0 ? .commandLine : .library
            if isFirstTrialDue(.token, at: now) { return .revoke(.init(.token(access), of: access, by: means, device)) }
            // Guests would be kept out for as long as their clocks may be ahead.
            if guest == nil, isFirstTrialDue(.all, at: now) {
                return .revoke(.init(.all, of: access, by: means, device))
            }
            switch number {
            case 70..<78: return .revoke(.init(.session(of: access), of: access, by: means, device))
            case 78..<84: return .revoke(.init(.token(access), of: access, by: means, device))
            case 84..<92: return .revoke(.init(.subject(of: access), of: access, by: means, device))
            case 92..<95: return .revoke(.init(.client(of: access), of: access, by: means, device))
            case 95..<98:
                return guest.flatMap { revocationOfKey($0, access, by: means, device) }
            default: return .revoke(.init(.all, of: access, by: means, device))
            }
        }

        private func deviceToNameAside(
            _ now: Int64
        ) -> (device: SimulatedUser.Device, access: TokenRecord, guest: GuestIssuer?)? {
            for _ in 0..<Self.attempts {
                let place = Int(random.next(below: UInt64(guests.count + 1)))
                let guest = place < guests.count ? guests[place] : nil
                let users = guest?.users ?? self.users
                let user = users[Int(random.next(below: UInt64(users.count)))]
                let device = user.devices[Int(random.next(below: UInt64(user.devices.count)))]
                guard let access = device.access, !access.isUnsettled, access.expiresAt - now > Self.leastLife else {
                    continue
                }
                return (device, access, guest)
            }
            return nil
        }

        /// Half of the time one that is revoked.
        private func tokenToNameAside(_ access: TokenRecord, _ now: Int64) -> TokenRecord {
            guard random.next(below: 2) == 0, let token = revoked.any(random: &random),
                token.expiresAt - now > Self.leastLife
            else { return access }
            return token
        }

        private func work(_ choice: Choice, _ commandLine: CommandLineClient) -> @Sendable () async -> TokenAnswer {
            switch choice {
            case .check(let token, .commandLine):
                let bytes = token.text.bytes
                return { await commandLine.check(bytes) }
            case .check(let token, _):
                let claims = TokenClaims(token)
                return { await commandLine.verdict(for: claims) }
            case .revoke(let order):
                let issuer = order.issuer.name
                if case .library = order.means {
                    let request = order.scope.request
                    return { await commandLine.revoke(request, issuer: issuer) }
                }
                let options = order.scope.options
                return { await commandLine.revoke(options, issuer: issuer) }
            case .logIn, .refresh, .logOutEverywhere: preconditionFailure("only nodes do that")
            }
        }
    }

    extension RevocationOrder.Scope {
        /// As `revoked revoke` takes it.
        fileprivate var options: [String] {
            switch self {
            case .token(let token):
                ["--jti", token.text.identifier, "--expires-at", "\(token.text.expiresAt)"]
            case .session(_, let identifier): ["--session", identifier]
            case .subject(_, let name): ["--subject", name]
            case .client(_, let identifier): ["--client", identifier]
            case .key(_, let identifier): ["--kid", identifier]
            case .all: ["--all"]
            }
        }

        fileprivate var request: RevocationRequest {
            switch self {
            case .token(let token): .token(token.text.identifier, expiresAt: token.text.expiresAt * 1_000)
            case .session(_, let identifier): .session(identifier)
            case .subject(_, let name): .subject(name)
            case .client(_, let identifier): .client(identifier)
            case .key(_, let identifier): .key(identifier)
            case .all: .all()
            }
        }
    }

    extension TokenClaims {
        fileprivate init(_ token: TokenRecord) {
            let text = token.text
            self.init(
                kind: token.kind == .access ? .access : .refresh, issuer: token.session.issuer.name,
                subject: text.subject, session: text.session, identifier: text.identifier, client: text.client,
                key: text.key, issuedAt: text.logInTime, expiresAt: text.expiresAt * 1_000)
        }
    }
#endif
