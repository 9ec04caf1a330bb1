#if os(Linux)
    import CLinux
    import Foundation

    extension NodeLoad {
        /// So long before its expiry a guest's token is not used any more, in nanoseconds.
        private static let leastLife: Int64 = 3_000_000_000

        /// Something with a token of another issuer; nil for nothing this time.
        func chooseGuest(_ now: Int64) -> Choice? {
            let issuer = guests[Int(random.next(below: UInt64(guests.count)))]
            let user = issuer.users[Int(random.next(below: UInt64(issuer.users.count)))]
            let device = user.devices[Int(random.next(below: UInt64(user.devices.count)))]
            if let check = chooseForgery(user, issuer, now) { return check }
            if device.access?.revocation != nil { settle(user) }
            if let access = device.access, access.expiresAt - Self.leastLife < now, !device.isBusy {
                _ = device.leave()
            }
            guard let access = device.access else {
                return device.isBusy ? nil : logIn(device, issuer, now).map { .check($0, checkRoute()) }
            }
            if !device.isBusy {
                if access.isUnsettled { return .revoke(.logOut(device, with: access)) }
                if let change = chooseChange(of: device, access, issuer, now) { return change }
            }
            if access.isUnsettled { return nil }
            return .check(access, checkRoute())
        }

        /// A check of a token that no log-in has given; nil for none this time.
        private func chooseForgery(_ user: SimulatedUser, _ issuer: GuestIssuer, _ now: Int64) -> Choice? {
            let mix = plan.mix.guests
            if roll(mix.stolenKeys), let check = checkOfStolenKey(user, issuer, now) { return check }
            // A node looks for a new key once in a while only: while its key set stalls that must happen.
            let unknownKeys = mix.unknownKeys * (control.hasKeySetStalled(at: now) ? 20 : 1)
            if roll(unknownKeys) || isFirstTrialDue(.unknownKey, at: now) {
                return checkOfUnknownKey(user, issuer, now)
            }
            for times in WrongTimes.allCases where isFirstTrialDue(times.rule, at: now) {
                return check(of: times, user, issuer, now)
            }
            guard roll(mix.wrongTimes) else { return nil }
            return check(
                of: WrongTimes.allCases[Int(random.next(below: UInt64(WrongTimes.allCases.count)))], user, issuer, now)
        }

        /// The issuer logs a guest in by itself: no node hears of it.
        private func logIn(_ device: SimulatedUser.Device, _ issuer: GuestIssuer, _ now: Int64) -> TokenRecord? {
            let session = SessionRecord(of: device.user.subject, at: issuer.record)
            let token = issuer.token(
                for: device.user, session: session, identifier: UUID().uuidString.lowercased(),
                client: Int(random.next(below: 1_000)), at: now, wall: wallOffset)
            // A cut-off extends as far ahead as the issuer's clock may be. A user covered by it is refused, and tries
            // again later.
            guard let token, token.revocation == nil else { return token }
            guard token.uncertainty.cause == .none else { return nil }
            (device.session, device.access) = (session, token)
            return token
        }

        private func chooseChange(
            of device: SimulatedUser.Device, _ access: TokenRecord, _ issuer: GuestIssuer, _ now: Int64
        ) -> Choice? {
            let mix = plan.mix.guests
            var number = Int(random.next(below: Self.choices))
            number -= mix.logOuts
            if number < 0 { return .revoke(.logOut(device, with: access)) }
            number -= mix.logOutsEverywhere
            if number < 0 { return .logOutEverywhere(LogOutEverywhere(device: device, token: access)) }
            number -= mix.oauthRevocations
            if number < 0, clients[access.text.client] != nil {
                return .revoke(.init(.session(of: access), of: access, by: .oauth(access), device))
            }
            guard plan.administrator != nil else { return nil }
            if access.text.key == issuer.key.identifier, isFirstTrialDue(.key, at: now) {
                return revocationOfKey(issuer, access, by: .administrator, device)
            }
            number -= mix.administeredSessions
            if number < 0 { return .revoke(.init(.session(of: access), of: access, by: .administrator, device)) }
            number -= mix.administeredSubjects
            if number < 0 { return .revoke(.init(.subject(of: access), of: access, by: .administrator, device)) }
            number -= mix.administeredKeys
            return number < 0 ? revocationOfKey(issuer, access, by: .administrator, device) : nil
        }

        /// Has the key revoked that signs for the issuer, which goes on with its next one.
        /// - Returns: nil if the token was signed with an earlier key, or there is no other.
        func revocationOfKey(
            _ issuer: GuestIssuer, _ access: TokenRecord, by means: RevocationOrder.Means,
            _ device: SimulatedUser.Device
        ) -> Choice? {
            guard issuer.hasAnotherKey, access.text.key == issuer.key.identifier else { return nil }
            issuer.changeKey()
            return .revoke(.init(.key(of: access), of: access, by: means, device))
        }

        /// A token of a log-in that never was, minted with a key that is revoked.
        private func checkOfStolenKey(_ user: SimulatedUser, _ issuer: GuestIssuer, _ now: Int64) -> Choice? {
            let keys = issuer.earlierKeys
            guard !keys.isEmpty else { return nil }
            let key = keys[Int(random.next(below: UInt64(keys.count)))]
            let token = issuer.token(
                for: user, session: SessionRecord(of: user.subject, at: issuer.record),
                identifier: UUID().uuidString.lowercased(), client: 0, at: now, wall: wallOffset, signedBy: key)
            return token.map { .check($0, checkRoute()) }
        }

        /// A token that no node may accept: it lives too long, was issued in the future, or has expired.
        private func check(
            of times: WrongTimes, _ user: SimulatedUser, _ issuer: GuestIssuer, _ now: Int64
        ) -> Choice? {
            let future = issuer.setup.lead + .seconds(70)
            let moved: (issue: Duration, expiry: Duration) =
                switch times {
                case .longLived: (.zero, plan.longestLifetime + .seconds(600))
                case .future: (future, .zero)
                case .past: (.zero - plan.ageOfExpired, .zero)
                }
            let token = issuer.token(
                for: user, session: SessionRecord(of: user.subject, at: issuer.record),
                identifier: UUID().uuidString.lowercased(), client: 0, at: now, wall: wallOffset, moved: moved)
            guard let token else { return nil }
            switch times {
            case .longLived: token.forbidden = .lifetime
            case .future: token.validFrom = now + Duration.seconds(60).inNanoseconds
            case .past: break
            }
            return .check(token, random.next(below: 2) == 0 ? .me : .auth)
        }

        private enum WrongTimes: CaseIterable {
            case longLived, future, past

            var rule: Rule {
                switch self {
                case .longLived: .lifetime
                case .future: .future
                case .past: .expiry
                }
            }
        }

        /// A token that names a key which its issuer does not have: nodes look whether it is a new one.
        private func checkOfUnknownKey(_ user: SimulatedUser, _ issuer: GuestIssuer, _ now: Int64) -> Choice? {
            let token = issuer.token(
                for: user, session: SessionRecord(of: user.subject, at: issuer.record),
                identifier: UUID().uuidString.lowercased(), client: 0, at: now, wall: wallOffset,
                signedBy: issuer.setup.strangersKey)
            token?.forbidden = .unknownKey
            return token.map { .check($0, random.next(below: 2) == 0 ? .me : .auth) }
        }
    }
#endif
