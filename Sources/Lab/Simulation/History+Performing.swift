import Replication

extension History {
    func perform(_ action: Action) throws(Violation) {
        try performUnjudged(action)
        try judgeReceipts()
    }

    private func performUnjudged(_ action: Action) throws(Violation) {
        switch action {
        case .advance(let milliseconds): time += milliseconds * 1_000
        case .write, .undo, .sync, .storePromise, .settle: try performDaemon(action)
        case .connect, .accept, .feed, .receive, .applyRest, .acknowledge: try performStream(action)
        case .flow(let index): try flow(index)
        case .exchange(let index): try exchange(index)
        case .renew, .release, .answer, .takeAnswer, .noticeBreak, .daemonNoticesBreak: performLease(action)
        case .beginCheck, .beginCopyCheck, .lookUp, .finishCheck, .ask: try performCheck(action)
        case .logIn, .beginCutOff, .endCutOff: try performCutOff(action)
        case .start, .resumeDaemon, .resume, .acceptEpoch: performReturn(action)
        case .breakOff, .pause, .restart, .pauseDaemon, .kill, .losePower, .loseDisk, .loseRecords, .jump:
            performFault(action)
        }
    }

    private func performDaemon(_ action: Action) throws(Violation) {
        switch action {
        case .write:
            writesLeft -= 1
            nextWrite += 1
            let key = choices.pick(plan.keys)
            let ttl = plan.isSmall ? 3_600_000 : [3_600_000, 3_600_000, plan.lease * 4 + 1_000][choices.pick(3)]
            pins[nextWrite] = pin
            let expiry = daemon.write(nextWrite, key, ttl: ttl, at: time)
            judge.send(
                nextWrite, key, ttl: ttl, expiry: expiry, at: time,
                StreamIn.Position(stretch: daemon.stretch, offset: daemon.end))
            say("write \(nextWrite): SET \(SimulatedDaemon.name(key)) for \(ttl) ms")
        case .undo:
            writesLeft -= 1
            nextWrite += 1
            let keys = daemon.table.keys.sorted()
            let key = keys[choices.pick(keys.count)]
            pins[nextWrite] = pin
            if daemon.undo(nextWrite, key, at: time) { judge.undo(nextWrite, key) }
            say("write \(nextWrite): DEL \(SimulatedDaemon.name(key))")
        case .sync:
            daemon.sync(at: time)
            say("the log is on disk up to \(daemon.durable)")
        case .storePromise: daemon.storePromise()
        default: break
        }
        try settle()
    }

    private func settle() throws(Violation) {
        guard daemon.isServing else { return }
        for write in try daemon.settle(at: time) {
            let pinned = pins.removeValue(forKey: write.id) ?? []
            let counts = pinned == daemon.disk.epoch || plan.planted == .anyEpoch
            say("write \(write.id) is \(counts ? "acknowledged" : "answered with another epoch")")
            if counts { judge.acknowledge(write.id, epoch: pinned, at: time) }
        }
    }

    // MARK: Streams and leases

    private func performStream(_ action: Action) throws(Violation) {
        switch action {
        case .connect(let index):
            followers[index].connect(nextLink)
            nextLink += 1
            say("\(followers[index].name) connects")
        case .accept(let index):
            guard var link = followers[index].link else { return }
            daemon.accept(&link, identity: followers[index].name, at: time)
            followers[index].link = link
            say("the daemon takes the stream of \(followers[index].name)")
        case .feed(let index): feed(index, all: plan.isSmall)
        case .receive(let index): try receive(index, all: plan.isSmall)
        case .applyRest(let index):
            try apply(index) { (follower, time) throws(StreamError) in try follower.applyRest(at: time) }
        case .acknowledge(let index):
            guard let link = followers[index].link, let position = link.acknowledgements.first else { return }
            followers[index].link?.acknowledgements.removeFirst()
            daemon.acknowledge(position, by: link.id)
            say("the daemon reads: \(followers[index].name) has applied \(position)")
            try settle()
        default: break
        }
    }

    func feed(_ index: Int, all: Bool) {
        guard var link = followers[index].link else { return }
        let left = Int(daemon.readable) - link.sent
        guard left > 0 else { return }
        daemon.feed(&link, upTo: link.sent + (all ? left : 1 + choices.pick(left)))
        followers[index].link = link
    }

    func receive(_ index: Int, all: Bool) throws(Violation) {
        let count = followers[index].link?.stream.count ?? 0
        guard count > 0 else { return }
        let taken = all || choices.pick(2) > 0 ? count : 1 + choices.pick(count)
        try apply(index) { (follower, time) throws(StreamError) in try follower.receive(taken, at: time) }
        say("\(followers[index].name) reads: its copy is at \(followers[index].position.map { "\($0.offset)" } ?? "-")")
    }

    private func apply(
        _ index: Int, _ body: (SimulatedFollower, Int64) throws(StreamError) -> Void
    ) throws(Violation) {
        do throws(StreamError) { try body(followers[index], time) } catch {
            throw Violation(invariant: .copiesAreEqual, what: "\(followers[index].name) cannot read: \(error)")
        }
    }

    private func performLease(_ action: Action) {
        switch action {
        case .renew(let index): followers[index].request(releases: false, at: time)
        case .release(let index):
            followers[index].request(releases: true, at: time)
            say("\(followers[index].name) gives its lease back")
        case .answer(let index): answer(index)
        case .takeAnswer(let index):
            followers[index].receiveAnswer(at: time)
            let now = followers[index].clock.now(time)
            let left = followers[index].lease.term(at: now).map { "it holds a lease for \($0.until - now) ms" }
            say("\(followers[index].name) reads an answer: \(left ?? "it holds no lease")")
        case .noticeBreak(let index): followers[index].disconnect()
        case .daemonNoticesBreak(let index):
            guard let link = followers[index].link, daemon.isServing else { return }
            followers[index].link?.daemonHasLeft = true
            if link.isAccepted { daemon.leave(link.id) }
        default: break
        }
    }

    private func answer(_ index: Int) {
        guard let link = followers[index].link, let request = link.requests.first else { return }
        followers[index].link?.requests.removeFirst()
        if request.releases {
            daemon.release(link.id)
            followers[index].link?.answers.append(SimulatedLink.Answer(grant: nil, sentAt: request.sentAt))
            return
        }
        let grant = daemon.renew(link.id, applied: followers[index].position?.offset, at: time)
        followers[index].link?.answers.append(SimulatedLink.Answer(grant: grant, sentAt: request.sentAt))
        say(
            grant.map { "the daemon grants \(followers[index].name) \($0.length) ms at \($0.position.offset)" }
                ?? "the daemon grants \(followers[index].name) nothing")
    }

    // MARK: Returns and faults

    private func performReturn(_ action: Action) {
        switch action {
        case .start:
            // Guarded time stands still while the machine is off.
            if hasLostPower { time += [0, 3_000_000, 40_000_000][choices.pick(3)] }
            startDaemon(bootsAnew: false, lease: nextLease())
        case .resumeDaemon:
            daemon.resume(at: time)
            say("the daemon goes on")
        case .resume(let index):
            followers[index].isPaused = false
            say("\(followers[index].name) goes on")
        case .acceptEpoch:
            pin = daemon.disk.epoch
            judge.forget()
            say("the new epoch is accepted")
        default: break
        }
    }

    private func nextLease() -> Int64 {
        guard !plan.isSmall else { return plan.lease }
        return [plan.lease, plan.lease, plan.lease / 4][choices.pick(3)]
    }

    func startDaemon(bootsAnew: Bool, lease: Int64) {
        if bootsAnew || hasLostPower {
            boots += 1
            let slew = plan.isSmall ? 100 : [100, 0, -100][choices.pick(3)]
            bootClock = BootClock(offset: boots * 1_000_000_000 - time, slew: Int64(slew))
            hasLostPower = false
        }
        daemon.start(at: time, clock: bootClock, lease: lease)
        pins = [:]
        say("the daemon starts, with leases of \(lease) ms")
    }

    private func stopDaemon() {
        let unsynced = Int(daemon.end - daemon.durable)
        let kept = plan.isSmall && unsynced > 0 ? choices.pick(2) * unsynced : choices.pick(unsynced + 1)
        judge.lose(daemon.stop(keeping: daemon.durable + UInt64(kept)))
        for follower in followers where follower.link != nil {
            if follower.link?.isBroken == false { follower.link?.breakOff(&choices, whole: plan.isSmall) }
            follower.link?.daemonHasLeft = true
        }
        cutOffs.underWay = nil
    }

    private func performFault(_ action: Action) {
        faultsLeft -= 1
        switch action {
        case .breakOff(let index):
            followers[index].link?.breakOff(&choices, whole: plan.isSmall)
            say("the connections of \(followers[index].name) break")
        case .pause(let index):
            followers[index].isPaused = true
            say("\(followers[index].name) stands still")
        case .restart(let index):
            if let link = followers[index].link, link.isAccepted, !link.daemonHasLeft { daemon.leave(link.id) }
            followers[index].restart()
            say("\(followers[index].name) is restarted")
        case .pauseDaemon:
            daemon.isPaused = true
            say("the daemon stands still")
        case .kill:
            stopDaemon()
            say("the daemon is killed")
        case .losePower:
            stopDaemon()
            hasLostPower = true
            say("the daemon's machine loses power")
        case .loseDisk:
            stopDaemon()
            epochs += 1
            daemon.loseDisk(epoch: Self.epoch(epochs))
            say("the daemon's disk is lost")
        case .loseRecords:
            stopDaemon()
            epochs += 1
            let count = daemon.disk.records.count
            let kept = max(0, count - 1 - (choices.pick(2) == 0 ? 0 : choices.pick(count + 1)))
            daemon.forget(keeping: kept, epoch: Self.epoch(epochs))
            say("the daemon's disk has lost all records but \(kept)")
        case .jump:
            daemon.putTimeForward(by: 10_000_000)
            say("guarded time is put forward")
        default: break
        }
    }
}
