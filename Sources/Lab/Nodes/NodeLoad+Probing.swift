#if os(Linux)
    import CLinux

    extension NodeLoad {
        /// How long a token that is probed must still live, in nanoseconds.
        private static let leastLife: Int64 = 5_000_000_000
        private static let attempts = 16

        /// Sends what the prober has to send now.
        func runProbe(_ now: Int64) {
            release()
            if prober.isDue(now), let device = deviceToProbe(now), let token = device.access {
                device.changesUnderWay += 1
                probed = device
                prober.begin(device, token, random: &random, at: now)
            }
            guard let probe = prober.active else { return }
            for node in prober.nodesToAsk(now) {
                guard let index = idleProbe(of: node) else { continue }
                prober.asked(node, at: clinux_time())
                start(index, .check(probe.token, .me), intendedAt: now)
            }
            if prober.shouldRevoke(now), let index = idleProbe(of: probe.revoker) {
                prober.revoked(at: clinux_time())
                let choice: Choice =
                    probe.isEverywhere
                    ? .logOutEverywhere(LogOutEverywhere(device: probe.device, token: probe.token))
                    : .revoke(.logOut(probe.device, with: probe.token))
                start(index, choice, intendedAt: now)
            }
            if let outcome = prober.takeOutcome(now) {
                let second = seconds(at: now)
                recorder.record(
                    NodeOperation.Kind.probedRevocation.name, latency: outcome.revocation, at: second)
                for time in outcome.untilRefused {
                    recorder.record(NodeOperation.Kind.revokeToRefused.name, latency: time, at: second)
                }
            }
            release()
        }

        /// The device is reserved from its choice to the end of the probe, whichever way that came.
        private func release() {
            guard !prober.isActive, let device = probed else { return }
            device.changesUnderWay -= 1
            probed = nil
        }

        private func deviceToProbe(_ now: Int64) -> SimulatedUser.Device? {
            for _ in 0..<Self.attempts {
                let user = users[Int(random.next(below: UInt64(users.count)))]
                let device = user.devices[Int(random.next(below: UInt64(user.devices.count)))]
                guard !device.isBusy, let access = device.access, access.uncertainty.cause == .none,
                    access.expiresAt - now > Self.leastLife
                else { continue }
                return device
            }
            return nil
        }
    }
#endif
