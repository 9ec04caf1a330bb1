import Replication

extension History {
    /// What can happen next, the likelier things several times.
    func collectActions() {
        actions.removeAll(keepingCapacity: true)
        collectTime()
        if daemon.isServing { collectDaemon() }
        for index in followers.indices {
            if !followers[index].isPaused { collectFollower(index) }
            guard daemon.isServing, let link = followers[index].link else { continue }
            collectLink(index, link)
            if !plan.isSmall, !followers[index].isPaused {
                actions += [.flow(index), .exchange(index), .exchange(index)]
            }
        }
        collectReturns()
        // Spread over the history: the first steps have little to lose.
        if faultsLeft > 0, plan.isSmall || choices.chance(oneIn: 6) { collectFaults() }
    }

    private func collectTime() {
        let lease = max(plan.lease, 8)
        if plan.isSmall {
            actions += [.advance(lease / 4), .advance(lease)]
            return
        }
        actions += [.advance(1), .advance(1), .advance(lease / 16), .advance(lease / 8), .advance(lease / 4)]
        actions += [.advance(lease / 3), .advance(lease - lease / 5)]
        if choices.chance(oneIn: 4) { actions += [.advance(lease), .advance(2 * lease)] }
        if choices.chance(oneIn: 40) { actions += [.advance(11_000)] }
    }

    private func collectDaemon() {
        if writesLeft > 0 { actions += plan.isSmall ? [.write] : [.write, .write, .write] }
        if writesLeft > 0, !plan.isSmall, !daemon.table.isEmpty { actions += [.undo, .undo] }
        if !daemon.isSynced { actions += plan.isSmall ? [.sync] : [.sync, .sync] }
        if daemon.promises { actions.append(.storePromise) }
        if !daemon.waiting.isEmpty { actions += plan.isSmall ? [.settle] : [.settle, .settle] }
        guard !plan.isSmall else { return }
        actions.append(.ask)
        switch choices.pick(3) {
        case 0: actions.append(.logIn)
        case 1: actions.append(cutOffs.underWay == nil ? .beginCutOff : .endCutOff)
        default: break
        }
    }

    private func collectFollower(_ index: Int) {
        let follower = followers[index]
        if let link = follower.link {
            if link.isBroken { actions.append(.noticeBreak(index)) }
            if !link.stream.isEmpty {
                actions += plan.isSmall ? [.receive(index)] : [.receive(index), .receive(index)]
            }
            if !link.answers.isEmpty { actions.append(.takeAnswer(index)) }
            if link.isAccepted, !follower.hasRequested, !link.isBroken {
                actions += plan.isSmall ? [.renew(index)] : [.renew(index), .renew(index), .release(index)]
            }
        } else {
            actions += [.connect(index), .connect(index)]
        }
        if follower.hasUnapplied { actions.append(.applyRest(index)) }
        switch follower.check {
        case nil:
            guard !plan.isSmall else { return }
            actions += [.beginCheck(index), .beginCheck(index), .beginCopyCheck(index)]
            if plan.planted == .timeCarriedOn { actions += [.beginCopyCheck(index), .beginCopyCheck(index)] }
        case let check?: actions.append(check.found == nil ? .lookUp(index) : .finishCheck(index))
        }
    }

    /// What the daemon may do about a follower's connections.
    private func collectLink(_ index: Int, _ link: SimulatedLink) {
        if link.isBroken, link.isAccepted, !link.daemonHasLeft { actions.append(.daemonNoticesBreak(index)) }
        guard !link.daemonHasLeft else { return }
        if !link.isAccepted, !link.isBroken { actions += [.accept(index), .accept(index)] }
        guard link.isAccepted else { return }
        if !link.isBroken, link.sent < Int(daemon.readable) { actions += [.feed(index), .feed(index)] }
        if !link.acknowledgements.isEmpty { actions += [.acknowledge(index), .acknowledge(index)] }
        if !link.requests.isEmpty { actions += [.answer(index), .answer(index)] }
    }

    private func collectReturns() {
        if !daemon.isRunning { actions += [.start, .start] }
        if daemon.isPaused { actions += [.resumeDaemon, .resumeDaemon] }
        for index in followers.indices where followers[index].isPaused { actions += [.resume(index), .resume(index)] }
        if daemon.disk.epoch != pin, daemon.isServing { actions.append(.acceptEpoch) }
    }

    private func collectFaults() {
        if daemon.isServing {
            actions += [.pauseDaemon, .kill]
            if !plan.isSmall { actions += [.losePower, .loseDisk, .loseRecords] }
            if !plan.isSmall, !daemon.isSynced { actions += [.kill, .losePower, .losePower] }
            if plan.planted == .timePutForward { actions.append(.jump) }
            if plan.planted == .beyondTheEnd { actions += [.loseRecords, .loseRecords, .loseRecords] }
            if plan.planted == .foreignStretch { actions += [.loseDisk, .loseDisk, .loseRecords] }
            if plan.planted == .timeCarriedOn { actions += [.losePower, .losePower, .losePower] }
        }
        for index in followers.indices {
            if followers[index].link?.isBroken == false { actions.append(.breakOff(index)) }
            if !followers[index].isPaused { actions.append(.pause(index)) }
            if !plan.isSmall { actions.append(.restart(index)) }
        }
    }
}
