import Replication

/// One history of a daemon, its followers and those who write and ask, on a simulated network and clocks: one seed, one
/// history. Each step is one thing that could happen next, in any order; the rules are judged after each.
final class History {
    let plan: HistoryPlan
    var choices: Choices
    /// Real time, in microseconds.
    var time: Int64 = 0
    let daemon: SimulatedDaemon
    let followers: [SimulatedFollower]
    var judge = HistoryJudge()
    var actions: [Action] = []
    var faultsLeft: Int
    var writesLeft: Int
    var isQuiet = false
    var nextLink: Int64 = 1
    var nextWrite = 0
    var epochs = 1
    /// What clients and followers have pinned.
    var pin: [UInt8]
    /// What each write that waits carries: the pin of its client.
    var pins: [Int: [UInt8]] = [:]
    var cutOffs = CutOffCalls()
    var boots: Int64 = 0
    var bootClock = BootClock(offset: 0, slew: 0)
    var hasLostPower = false
    /// Written if wanted: what happened, a line each.
    private(set) var lines: [String]?

    init(_ plan: HistoryPlan, _ choices: Choices, isTold: Bool = false) {
        self.plan = plan
        self.choices = choices
        pin = Self.epoch(1)
        daemon = SimulatedDaemon(epoch: Self.epoch(1), planted: plan.planted)
        faultsLeft = plan.faults
        writesLeft = plan.writes
        lines = isTold ? [] : nil
        followers = (0..<plan.followers).map {
            let slew = plan.isSmall ? -100 : Int64($0 % 2 == 0 ? -100 : 60)
            return SimulatedFollower(
                "follower \($0 + 1)", clock: BootClock(offset: Int64($0 + 1) * 7_000_300, slew: slew),
                planted: plan.planted)
        }
    }

    static func epoch(_ number: Int) -> [UInt8] { Array("epoch \(number)".utf8) }

    func say(_ line: @autoclosure () -> String) {
        guard lines != nil else { return }
        let (seconds, rest) = (time / 1_000_000, time % 1_000_000)
        let fraction = String(rest + 1_000_000).dropFirst()
        lines?.append("\(seconds).\(fraction) s  \(line())")
    }

    // MARK: Running

    /// - Returns: the rule that is broken; nil if none is.
    func run() -> Violation? {
        do throws(Violation) {
            startDaemon(bootsAnew: true, lease: plan.lease)
            // Most histories begin where leases are held.
            if plan.isSmall || choices.pick(4) > 0 { try settleDown(untilHeld: true) }
            for _ in 0..<plan.steps { try step() }
            try endQuietly()
            return nil
        } catch { return error }
    }

    private func step() throws(Violation) {
        collectActions()
        let action = actions[choices.pick(actions.count)]
        try perform(action)
        try judgeNow()
    }

    /// The faults are over: everything starts again, arrives and is answered.
    private func endQuietly() throws(Violation) {
        isQuiet = true
        say("all becomes quiet")
        if !daemon.isRunning { startDaemon(bootsAnew: false, lease: plan.lease) }
        if daemon.isPaused { daemon.resume(at: time) }
        for follower in followers { follower.isPaused = false }
        try settleDown(untilHeld: false)
        guard daemon.waiting.isEmpty else {
            throw Violation(invariant: .answeredInTime, what: "\(daemon.waiting.count) writes are never answered")
        }
        for follower in followers { try compare(follower) }
    }

    /// Plays what is under way until nothing is, and time with it.
    private func settleDown(untilHeld: Bool) throws(Violation) {
        for _ in 0..<400 {
            try quietRound()
            try judgeNow()
            let isStill = followers.allSatisfy { follower in
                untilHeld
                    ? follower.lease.term(at: follower.clock.now(time)) != nil
                    : follower.link?.stream.isEmpty ?? false && follower.position?.offset == daemon.end
            }
            if isStill, daemon.waiting.isEmpty, daemon.isSynced { return }
            time += max(1, plan.lease / 5) * 1_000
        }
    }

    private func quietRound() throws(Violation) {
        if !daemon.isSynced { try perform(.sync) }
        if daemon.promises { try perform(.storePromise) }
        for index in followers.indices { try flow(index) }
        try perform(.settle)
    }

    /// All that waits between the daemon and a follower arrives.
    func flow(_ index: Int) throws(Violation) {
        let follower = followers[index]
        if follower.link?.isBroken == true {
            try perform(.daemonNoticesBreak(index))
            try perform(.noticeBreak(index))
        }
        if follower.link == nil { try perform(.connect(index)) }
        if follower.link?.isAccepted == false { try perform(.accept(index)) }
        if let link = follower.link, link.sent < Int(daemon.readable) { feed(index, all: true) }
        while follower.link?.stream.isEmpty == false { try receive(index, all: true) }
        if follower.hasUnapplied { try perform(.applyRest(index)) }
        try exchange(index)
    }

    /// All but the stream itself arrives, which may be slow.
    func exchange(_ index: Int) throws(Violation) {
        let follower = followers[index]
        guard follower.link?.isAccepted == true else { return }
        while follower.link?.acknowledgements.isEmpty == false { try perform(.acknowledge(index)) }
        if !follower.hasRequested { try perform(.renew(index)) }
        while follower.link?.requests.isEmpty == false { try perform(.answer(index)) }
        while follower.link?.answers.isEmpty == false { try perform(.takeAnswer(index)) }
    }

    // MARK: What can happen

    /// The number is the follower's.
    enum Action {
        case advance(Int64)
        case write, undo, sync, storePromise, settle
        case connect(Int)
        case accept(Int)
        case feed(Int)
        case receive(Int)
        case applyRest(Int)
        case acknowledge(Int)
        case renew(Int)
        case release(Int)
        case answer(Int)
        case takeAnswer(Int)
        case noticeBreak(Int)
        case daemonNoticesBreak(Int)
        case flow(Int)
        case exchange(Int)
        case beginCheck(Int)
        case beginCopyCheck(Int)
        case lookUp(Int)
        case finishCheck(Int)
        case ask, logIn, beginCutOff, endCutOff
        case start, resumeDaemon, acceptEpoch
        case resume(Int)
        case breakOff(Int)
        case pause(Int)
        case restart(Int)
        case pauseDaemon, kill, losePower, loseDisk, loseRecords, jump
    }
}
