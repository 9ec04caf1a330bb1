import Replication

extension History {
    /// What was acknowledged is at each follower that holds a lease.
    func judgeNow() throws(Violation) {
        for follower in followers where !follower.isPaused {
            guard let term = follower.lease.term(at: follower.clock.now(time)), term.epoch == pin else { continue }
            for one in judge.standing(at: time, epoch: pin, lease: plan.lease)
            where !follower.holds(one.key, guarded: term.guardedOffset + follower.clock.now(time)) {
                let name = SimulatedDaemon.name(one.key)
                if follower.expiry(one.key) != nil, follower.position?.offset == daemon.end {
                    throw Violation(invariant: .entryLives, what: "\(follower.name) lets \(name) end early")
                }
                throw Violation(
                    invariant: .acknowledgedIsHeld,
                    what: "\(follower.name) holds a lease, and has not \(name)")
            }
        }
    }

    func performCheck(_ action: Action) throws(Violation) {
        switch action {
        case .beginCheck(let index): followers[index].beginCheck(choices.pick(plan.keys), at: time)
        case .beginCopyCheck(let index):
            let age = [plan.lease, 2_000, 60_000][choices.pick(3)]
            followers[index].beginCheck(choices.pick(plan.keys), noOlderThan: age, at: time)
        case .lookUp(let index): followers[index].lookUp(at: time)
        case .finishCheck(let index):
            guard let check = followers[index].check else { return }
            guard followers[index].finishCheck(epoch: pin, at: time) == true else { return }
            let name = SimulatedDaemon.name(check.key)
            say("\(followers[index].name) says that \(name) is clear")
            try judgeClear(check, of: followers[index])
        case .ask: try ask()
        default: break
        }
    }

    private func judgeClear(_ check: SimulatedFollower.Check, of follower: SimulatedFollower) throws(Violation) {
        let what = "\(follower.name) says clear of \(SimulatedDaemon.name(check.key))"
        if case .copy = check.grounds, let expiry = check.expiry, let position = check.position,
            judge.hasSent(check.key, endingBy: expiry, before: position, at: time, lease: plan.lease)
        {
            throw Violation(invariant: .knownWins, what: "\(what), which its copy has")
        }
        for one in judge.standing(at: time, epoch: pin, lease: plan.lease) where one.key == check.key {
            switch check.grounds {
            case .lease where one.answeredAt < check.began:
                let earlier = "acknowledged \((check.began - one.answeredAt) / 1_000) ms before the check began"
                throw Violation(invariant: .clearIsTrue, what: "\(what), \(earlier)")
            // Clocks are slewed by up to a tenth, and read in whole milliseconds.
            case .copy(_, let age) where (time - one.answeredAt) / 1_000 > age * 10 / 9 + 3:
                let earlier = "acknowledged \((time - one.answeredAt) / 1_000) ms before"
                throw Violation(invariant: .copyIsRecent, what: "\(what), \(earlier), by a copy of \(age) ms at most")
            default: break
            }
        }
    }

    /// A receipt counts those that have applied the write. It is wrong, too, if one says so that has not: that is
    /// looked for by what it does to leases.
    func judgeReceipts() throws(Violation) {
        for (position, count) in daemon.takeReceipts()
        where plan.planted?.invariants.contains(.receiptIsTrue) ?? true {
            let having = daemon.present.count { link in
                followers.contains { $0.applied[link].map { $0 >= position } ?? false }
            }
            guard count <= having else {
                throw Violation(invariant: .receiptIsTrue, what: "it says \(count) followers, and \(having) have it")
            }
        }
    }

    /// A check over the wire.
    private func ask() throws(Violation) {
        guard daemon.disk.epoch == pin else { return }
        for one in judge.standing(at: time, epoch: pin, lease: plan.lease) where !daemon.holds(one.key, at: time) {
            let name = SimulatedDaemon.name(one.key)
            throw Violation(invariant: .entryLives, what: "the daemon has lost \(name), or lets it end early")
        }
    }

    func performCutOff(_ action: Action) throws(Violation) {
        // Milliseconds since 1970, as the store's clock shows them.
        let now = 1_700_000_000_000 + time / 1_000
        switch action {
        case .logIn:
            cutOffs.lastTime = now
            let logInTime = max(now, daemon.disk.cutOff + 1)
            // Handed out when the store's time has passed it.
            if logInTime <= now { cutOffs.logIns.append((now, logInTime)) }
        case .beginCutOff:
            let read = plan.planted == .earlierTime ? cutOffs.lastTime - 1 : now
            cutOffs.underWay = (now, read)
        case .endCutOff:
            guard let call = cutOffs.underWay else { return }
            cutOffs.underWay = nil
            daemon.disk.cutOff = max(daemon.disk.cutOff, call.cutOff)
            for one in cutOffs.logIns where one.endedAt < call.beganAt && one.logInTime > daemon.disk.cutOff {
                throw Violation(invariant: .cutOffCovers, what: "a log-in that ended before the cut-off began lives")
            }
            for one in cutOffs.logIns where one.endedAt > now && one.logInTime <= daemon.disk.cutOff {
                throw Violation(invariant: .cutOffCovers, what: "a log-in after the cut-off is dead")
            }
        default: break
        }
    }

    /// When all is quiet a copy is the daemon's table. An entry of the stream may end later by the shift of files.
    func compare(_ follower: SimulatedFollower) throws(Violation) {
        guard follower.position?.offset == daemon.end, follower.position?.stretch == daemon.stretch else {
            throw Violation(invariant: .copiesAreEqual, what: "\(follower.name) does not catch up")
        }
        for key in 0..<plan.keys where follower.expiry(key) != daemon.table[key] {
            let (theirs, ours) = (follower.expiry(key) ?? 0, daemon.table[key] ?? 0)
            throw Violation(
                invariant: .copiesAreEqual,
                what: "\(SimulatedDaemon.name(key)) of \(follower.name) ends at \(theirs), the daemon's at \(ours)")
        }
    }
}
