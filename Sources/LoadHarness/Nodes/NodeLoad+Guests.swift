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
            if device.access?.revocation != nil { settle(user) }
            if let access = device.access, access.expiresAt - Self.leastLife < now, !device.isBusy {
                _ = device.leave()
            }
            guard let access = device.access else {
                return device.isBusy ? nil : logIn(device, issuer, now).map { .check($0, checkRoute()) }
            }
            if !device.isBusy {
                if access.isUnsettled { return .revoke(.logOut(device, with: access)) }
                if let change = chooseChange(of: device, access, issuer) { return change }
            }
            if access.isUnsettled { return nil }
            if roll(plan.mix.guests.wrongTimes) { return checkOfWrongTimes(user, access.session, issuer, now) }
            return .check(access, checkRoute())
        }

        /// The issuer logs a guest in by itself: no node hears of it.
        private func logIn(_ device: SimulatedUser.Device, _ issuer: GuestIssuer, _ now: Int64) -> TokenRecord? {
            let session = SessionRecord(of: device.user.subject, at: issuer.record)
            let token = issuer.token(
                for: device.user, session: session, identifier: UUID().uuidString.lowercased(),
                client: Int(random.next(below: 1_000)), at: now, wall: wallOffset)
            // A cut-off reaches ahead as far as the issuer's clock may be: whoever is covered tries again later.
            guard let token, token.doubt.cause == .none, token.revocation == nil else { return nil }
            (device.session, device.access) = (session, token)
            return token
        }

        private func chooseChange(
            of device: SimulatedUser.Device, _ access: TokenRecord, _ issuer: GuestIssuer
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
            number -= mix.administeredSessions
            if number < 0 { return .revoke(.init(.session(of: access), of: access, by: .administrator, device)) }
            number -= mix.administeredSubjects
            if number < 0 { return .revoke(.init(.subject(of: access), of: access, by: .administrator, device)) }
            return nil
        }

        /// A token that nobody may accept: it lives for too long, or was issued in the future.
        private func checkOfWrongTimes(
            _ user: SimulatedUser, _ session: SessionRecord, _ issuer: GuestIssuer, _ now: Int64
        ) -> Choice? {
            let livesTooLong = random.next(below: 2) == 0
            let future = issuer.setup.lead + .seconds(70)
            let token = issuer.token(
                for: user, session: session, identifier: UUID().uuidString.lowercased(), client: 0, at: now,
                wall: wallOffset, moved: livesTooLong ? (.zero, plan.longestLifetime + .seconds(600)) : (future, future)
            )
            guard let token else { return nil }
            if livesTooLong {
                token.forbidden = .lifetime
            } else {
                token.validFrom = now + Duration.seconds(60).inNanoseconds
            }
            return .check(token, random.next(below: 2) == 0 ? .me : .auth)
        }
    }
#endif
