#if os(Linux)
    import CLinux

    extension NodeLoad {
        /// A request to be sent, before it is known on which connection and when.
        enum Choice {
            case logIn(SimulatedUser.Device, hasRightPassword: Bool = true)
            case check(TokenRecord, CheckRoute)
            case refresh(SimulatedUser.Device?, TokenRecord)
            case revoke(RevocationOrder)
            case logOutEverywhere(LogOutEverywhere)
        }

        static let choices: UInt64 = 10_000
        /// So long before its expiry a token is refreshed, mostly; in nanoseconds.
        private static let refreshBefore: Int64 = 2_000_000_000

        /// What the next request is.
        func chooseOperation(_ now: Int64) -> Choice {
            if let race = races.popLast() { return .refresh(race.device, race.token) }
            if let order = retries.take(at: now) { return .revoke(order) }
            if let token = revoked.takeLatest() { return .check(token, checkRoute()) }
            if !guests.isEmpty, roll(plan.mix.guests.requests), let choice = chooseGuest(now) { return choice }
            let user = users[Int(random.next(below: UInt64(users.count)))]
            let device = user.devices[Int(random.next(below: UInt64(user.devices.count)))]
            if device.access?.revocation != nil { settle(user) }
            guard let access = device.access, let refresh = device.refresh else {
                if !device.isBusy {
                    return .logIn(device, hasRightPassword: !roll(plan.mix.wrongPasswords, of: 1_000))
                }
                return revoked.any(random: &random).map { ask($0) } ?? .logIn(device)
            }
            if !device.isBusy, let change = chooseChange(of: device, access, refresh, now) { return change }
            // Either answer would be right: it is not asked for until a log-out has been acknowledged.
            if access.isUnsettled, let token = revoked.any(random: &random) { return ask(token) }
            return chooseCheck(of: device, access, refresh, now)
        }

        private func chooseCheck(
            of device: SimulatedUser.Device, _ access: TokenRecord, _ refresh: TokenRecord, _ now: Int64
        ) -> Choice {
            var number = Int(random.next(below: Self.choices))
            number -= plan.mix.revokedTokens
            if number < 0, let token = revoked.any(random: &random) { return ask(token) }
            number -= plan.mix.expiringTokens
            if number < 0, let token = revoked.anyExpiring(at: now, random: &random) {
                return .check(token, checkRoute())
            }
            number -= plan.mix.wrongKinds
            if number < 0 || isFirstTrialDue(.kind, at: now) {
                return .check(refresh.asAccess(), random.next(below: 2) == 0 ? .me : .auth)
            }
            // A refresh token is no less good for being asked about.
            if !clients.isEmpty, roll(plan.mix.introspections / 8) { return .check(refresh, .introspection) }
            if let older = device.olderAccess, random.next(below: 20) == 0 { return .check(older, checkRoute()) }
            return .check(access, checkRoute())
        }

        /// Something that changes the device's session; nil for nothing this time.
        private func chooseChange(
            of device: SimulatedUser.Device, _ access: TokenRecord, _ refresh: TokenRecord, _ now: Int64
        ) -> Choice? {
            // The user was not told that the log-out has succeeded, and tries again.
            if access.isUnsettled || refresh.isUnsettled { return .revoke(.logOut(device, with: refresh)) }
            if access.expiresAt - Self.refreshBefore <= now {
                return random.next(below: 3) == 0 ? nil : .refresh(device, refresh)
            }
            let mix = plan.mix
            if let older = device.olderAccess, older.expiresAt + plan.expiryBand.inNanoseconds < now,
                roll(mix.expiredLogOuts)
            {
                return .revoke(.logOut(device, with: older))
            }
            if let used = device.usedRefresh, isFirstTrialDue(.rotation, at: now) { return .refresh(device, used) }
            var number = Int(random.next(below: Self.choices))
            number -= mix.refreshes
            if number < 0 { return .refresh(device, refresh) }
            number -= mix.logOuts
            if number < 0 { return .revoke(.logOut(device, with: random.next(below: 2) == 0 ? access : refresh)) }
            number -= mix.logOutsEverywhere
            if number < 0 { return .logOutEverywhere(LogOutEverywhere(device: device, token: access)) }
            number -= mix.logOutsElsewhere
            if isFirstTrialDue(.password, at: now) {
                return .logOutEverywhere(
                    LogOutEverywhere(device: device, token: access, keepsCurrent: true, hasRightPassword: false))
            }
            if number < 0 {
                // One in three has stolen the token, and does not know the password.
                return .logOutEverywhere(
                    LogOutEverywhere(
                        device: device, token: access, keepsCurrent: true,
                        hasRightPassword: random.next(below: 3) != 0))
            }
            number -= mix.reuses
            if number < 0, let used = device.usedRefresh { return .refresh(device, used) }
            number -= mix.races
            if number < 0 {
                races.append((device, refresh))
                return .refresh(device, refresh)
            }
            return chooseForeignRevocation(of: device, access, refresh, now)
        }

        /// One that others than the user ask for.
        private func chooseForeignRevocation(
            of device: SimulatedUser.Device, _ access: TokenRecord, _ refresh: TokenRecord, _ now: Int64
        ) -> Choice? {
            if clients[access.text.client] != nil, roll(plan.mix.oauthRevocations) {
                let token = random.next(below: 2) == 0 ? access : refresh
                return .revoke(.init(.session(of: token), of: token, by: .oauth(token), device))
            }
            guard plan.administrator != nil else { return nil }
            let mix = plan.mix.administered
            if isFirstTrialDue(.client, at: now) {
                return .revoke(.init(.client(of: access), of: access, by: .administrator, device))
            }
            var number = Int(random.next(below: 10 * Self.choices))
            let scope: RevocationOrder.Scope
            number -= mix.sessions
            if number < 0 {
                scope = .session(of: access)
            } else {
                number -= mix.subjects
                if number < 0 {
                    scope = .subject(of: access)
                } else {
                    number -= mix.clients
                    guard number < 0 else { return nil }
                    scope = .client(of: access)
                }
            }
            return .revoke(.init(scope, of: access, by: .administrator, device))
        }

        /// Whether a rule is to be tried that no answer has been judged by so far. Who asks does it then.
        func isFirstTrialDue(_ rule: Rule, at now: Int64) -> Bool {
            guard firstTrials.isDue(rule, after: now - began) else { return false }
            guard oracle.tally.judged(by: rule) == 0 else {
                firstTrials.end(rule)
                return false
            }
            firstTrials.send(rule, after: now - began)
            return true
        }

        /// Asks for a revoked token, whichever it is.
        private func ask(_ token: TokenRecord) -> Choice {
            switch token.kind {
            case .access: .check(token, checkRoute())
            case .refresh:
                !clients.isEmpty && roll(plan.mix.introspections)
                    ? .check(token, .introspection) : .refresh(nil, token)
            }
        }

        /// Where an access token is checked.
        func checkRoute() -> CheckRoute {
            if !clients.isEmpty, roll(plan.mix.introspections) { return .introspection }
            return random.next(below: 2) == 0 ? .me : .auth
        }

        func roll(_ chances: Int, of all: UInt64 = NodeLoad.choices) -> Bool {
            random.next(below: all) < UInt64(chances)
        }

        /// Devices whose tokens may be either for good: a log-out ends that.
        func gatherUnsettled() {
            let now = clinux_time()
            for device in users.lazy.flatMap(\.devices) {
                guard let refresh = device.refresh, refresh.isUnsettled || device.access?.isUnsettled == true else {
                    continue
                }
                retries.add(.logOut(nil, with: refresh), at: now)
            }
        }
    }
#endif
