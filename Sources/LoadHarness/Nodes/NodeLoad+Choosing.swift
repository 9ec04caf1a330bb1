#if os(Linux)
    extension NodeLoad {
        /// A request to be sent, before it is known on which connection and when.
        enum Choice {
            case logIn(SimulatedUser.Device)
            case check(TokenRecord)
            case refresh(SimulatedUser.Device?, TokenRecord)
            case logOut(SimulatedUser.Device, with: TokenRecord)
            case logOutEverywhere(SimulatedUser.Device, by: TokenRecord, keepsCurrent: Bool)
        }

        private static let choices: UInt64 = 10_000
        /// So long before its expiry a token is refreshed, mostly; in nanoseconds.
        private static let refreshBefore: Int64 = 2_000_000_000

        /// What the next request is.
        func chooseOperation(_ now: Int64) -> Choice {
            if let race = races.popLast() { return .refresh(race.device, race.token) }
            if let token = revoked.takeLatest() { return .check(token) }
            let user = users[Int(random.next(below: UInt64(users.count)))]
            let device = user.devices[Int(random.next(below: UInt64(user.devices.count)))]
            guard let access = device.access, let refresh = device.refresh else {
                if !device.isBusy { return .logIn(device) }
                return revoked.any(random: &random).map { ask($0) } ?? .logIn(device)
            }
            if !device.isBusy, let change = chooseChange(of: device, access, refresh, now) { return change }
            // Either answer would be right: it is not asked for until a log-out has been acknowledged.
            if access.isUnsettled, let token = revoked.any(random: &random) { return ask(token) }
            var roll = Int(random.next(below: Self.choices))
            roll -= plan.mix.revokedTokens
            if roll < 0, let token = revoked.any(random: &random) { return ask(token) }
            roll -= plan.mix.expiringTokens
            if roll < 0, let token = revoked.anyExpiring(at: now, random: &random) { return .check(token) }
            if let older = device.olderAccess, random.next(below: 20) == 0 { return .check(older) }
            return .check(access)
        }

        /// Something that changes the device's session; nil for nothing this time.
        private func chooseChange(
            of device: SimulatedUser.Device, _ access: TokenRecord, _ refresh: TokenRecord, _ now: Int64
        ) -> Choice? {
            // The user was not told that the log-out has succeeded, and tries again.
            if access.isUnsettled || refresh.isUnsettled { return .logOut(device, with: refresh) }
            if access.expiresAt - Self.refreshBefore <= now {
                return random.next(below: 3) == 0 ? nil : .refresh(device, refresh)
            }
            let mix = plan.mix
            var roll = Int(random.next(below: Self.choices))
            roll -= mix.refreshes
            if roll < 0 { return .refresh(device, refresh) }
            roll -= mix.logOuts
            if roll < 0 { return .logOut(device, with: random.next(below: 2) == 0 ? access : refresh) }
            roll -= mix.logOutsEverywhere
            if roll < 0 { return .logOutEverywhere(device, by: access, keepsCurrent: false) }
            roll -= mix.logOutsElsewhere
            if roll < 0 { return .logOutEverywhere(device, by: access, keepsCurrent: true) }
            roll -= mix.reuses
            if roll < 0, let used = device.usedRefresh { return .refresh(device, used) }
            roll -= mix.races
            if roll < 0 {
                races.append((device, refresh))
                return .refresh(device, refresh)
            }
            return nil
        }

        /// Asks for a revoked token, whichever it is.
        private func ask(_ token: TokenRecord) -> Choice {
            token.kind == .access ? .check(token) : .refresh(nil, token)
        }

        /// The request's bytes.
        func request(_ choice: Choice, on connection: NodeConnection) -> [UInt8] {
            let host = connection.host
            switch choice {
            case .logIn(let device):
                return NodeRequest.logIn(name: device.user.name, password: plan.password, host: host)
            case .check(let token):
                return NodeRequest.check(token.text, route: random.next(below: 2) == 0 ? "/me" : "/auth", host: host)
            case .refresh(_, let token): return NodeRequest.refresh(token.text, host: host)
            case .logOut(_, let token): return NodeRequest.logOut(token.text, host: host)
            case .logOutEverywhere(_, let token, let keepsCurrent):
                return NodeRequest.logOutEverywhere(token.text, keepsCurrent: keepsCurrent, host: host)
            }
        }

        /// Tells the oracle that it is sent now.
        func begin(_ choice: Choice, at now: Int64) -> NodeOperation {
            switch choice {
            case .logIn(let device):
                device.changesUnderWay += 1
                return .logIn(device)
            case .check(let token): return .check(token)
            case .refresh(let device, let token):
                device?.changesUnderWay += 1
                return .refresh(device, oracle.presented(token, at: now))
            case .logOut(let device, let token):
                device.changesUnderWay += 1
                return .logOut(device, oracle.logOutSent(token.session, at: now))
            case .logOutEverywhere(let device, let token, let keepsCurrent):
                device.changesUnderWay += 1
                return .logOutEverywhere(
                    device, by: token, keepsCurrent: keepsCurrent,
                    oracle.logOutEverywhereSent(token.session, keepsCurrent: keepsCurrent, at: now))
            }
        }
    }
#endif
