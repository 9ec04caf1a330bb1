import Contract

/// Log-ins, a refresh and cut-offs on one store, command by command, in one of all orders. What a store does between
/// two commands of one pipeline for another client is among them.
struct LogInModel {
    /// A rule that is left out, to see that the search would notice.
    enum Fault: CaseIterable {
        /// A refresh says that its user has just logged in.
        case refreshesAreLogIns
        /// A log-in that a cut-off pushed ahead of the clock is handed out at once.
        case pushedLogInsAreHandedOut
        /// A log-in does not look at cut-offs.
        case logInsIgnoreCutOffs
        /// A cut-off's time was known before it was asked for.
        case timesOfCutOffsAreOld
        /// A log-in's time is reckoned from an offset, which is off by 2 ms.
        case timesOfLogInsAreAhead
    }

    /// In order of time: how many commands were executed before.
    typealias Position = Int

    struct LogIn {
        /// When it was asked for.
        var begun: Position?
        /// When it was handed out.
        var ended: Position?
        /// The clock, read and not used yet.
        var now: Int64?
        var token: TokenClaims?
    }

    struct Refresh {
        enum Step { case claim, time, lookUp, done }
        var step = Step.claim
        var existing: [UInt8]?
        var now: Int64 = 0
        /// nil if the token was refused.
        var token: TokenClaims?
    }

    struct CutOffWriting {
        enum Step { case time, lookUp, write, done }
        let scope: Scope
        var step = Step.time
        var begun: Position?
        var acknowledged: Position?
        var now: Int64 = 0
        var held: [[UInt8]] = []
    }

    static let start: Int64 = 1_800_000_000_000
    private static let epoch = Array("epoch".utf8)
    private static let namespace = Namespace()
    private static let rotation = Rotation(time: start, successor: "successor")

    let fault: Fault?
    private var clock = Self.start
    private var store: [String: [UInt8]] = [Epoch.key: Self.epoch]
    private var position: Position = 0
    private(set) var logIns: [LogIn]
    /// Of the first log-in's token.
    private(set) var refresh: Refresh?
    private(set) var cutOffs: [CutOffWriting]

    /// - Parameter held: a cut-off of all that there is from the start, relative to the clock.
    init(logIns: Int, refreshes: Bool, cutOffs: [Scope], held: Int64?, fault: Fault? = nil) {
        self.logIns = Array(repeating: LogIn(), count: logIns)
        refresh = refreshes ? Refresh() : nil
        self.cutOffs = cutOffs.map { CutOffWriting(scope: $0) }
        self.fault = fault
        if let held { store[key(.all)] = Array("\(Self.start + held)".utf8) }
    }

    // MARK: Steps

    enum Actor: Equatable {
        case logIn(Int)
        case refresh
        case cutOff(Int)
    }

    /// Who has a command to send.
    var actors: [Actor] {
        var actors = logIns.indices.filter { logIns[$0].ended == nil }.map { Actor.logIn($0) }
        if let refresh, refresh.step != .done, logIns[0].token != nil { actors.append(.refresh) }
        return actors + cutOffs.indices.filter { cutOffs[$0].step != .done }.map { .cutOff($0) }
    }

    /// Whether an actor's next command asks for the time, before which some may pass.
    func asksForTime(_ actor: Actor) -> Bool {
        switch actor {
        case .logIn(let index): logIns[index].now == nil
        case .refresh: refresh?.step == .time
        case .cutOff(let index): cutOffs[index].step == .time
        }
    }

    mutating func pass(_ milliseconds: Int64) { clock += milliseconds }

    mutating func advance(_ actor: Actor) throws {
        switch actor {
        case .logIn(let index): logIns[index] = try advanced(logIns[index], named: "login \(index)")
        case .refresh: advanceRefresh()
        case .cutOff(let index): cutOffs[index] = advanced(cutOffs[index])
        }
        position += 1
    }

    private mutating func advanced(_ logIn: LogIn, named name: String) throws -> LogIn {
        var logIn = logIn
        logIn.begun = logIn.begun ?? position
        guard let now = logIn.now else {
            logIn.now = clock + (fault == .timesOfLogInsAreAhead ? 2 : 0)
            return logIn
        }
        var token = TokenClaims(
            kind: .refresh, issuer: "i", subject: "subject", session: name, identifier: name, client: "client")
        let check = Check(token, in: Self.namespace)
        let values = fault == .logInsIgnoreCutOffs ? check.keys.map { $0 == Epoch.key ? Self.epoch : nil } : read(check)
        let time = try check.issueTime(values: values, pinnedEpoch: Self.epoch, now: now)
        if time > now, fault != .pushedLogInsAreHandedOut {
            // Waits, and asks again.
            clock = max(clock, time)
            logIn.now = nil
            return logIn
        }
        (token.issuedAt, token.authenticatedAt) = (time, time)
        logIn.token = token
        logIn.ended = position
        return logIn
    }

    private mutating func advanceRefresh() {
        guard var refresh, let old = logIns[0].token else { return }
        defer { self.refresh = refresh }
        let check = Check(old, in: Self.namespace)
        switch refresh.step {
        case .claim:
            refresh.existing = store[check.keys[0]]
            if refresh.existing == nil { store[check.keys[0]] = Array(Self.rotation.value.utf8) }
            refresh.step = .time
        case .time:
            refresh.now = clock
            refresh.step = .lookUp
        case .lookUp:
            refresh.step = .done
            let decision = check.rotation(
                existing: refresh.existing, values: read(check), claim: Self.rotation, grace: 0,
                pinnedEpoch: Self.epoch, now: refresh.now)
            guard case .won(let successor) = decision, let times = old.refreshedTimes(now: refresh.now) else { return }
            var new = old
            new.identifier = successor
            new.issuedAt = times.issuedAt
            new.authenticatedAt = fault == .refreshesAreLogIns ? nil : times.authenticatedAt
            refresh.token = new
        case .done: break
        }
    }

    private mutating func advanced(_ cutOff: CutOffWriting) -> CutOffWriting {
        var cutOff = cutOff
        cutOff.begun = cutOff.begun ?? position
        let key = key(cutOff.scope)
        switch cutOff.step {
        case .time:
            cutOff.now = fault == .timesOfCutOffsAreOld ? Self.start : clock
            cutOff.step = .lookUp
        case .lookUp:
            cutOff.held = [store[key], store[self.key(.all)]].compactMap { $0 }
            cutOff.step = .write
        case .write:
            let time = CutOff.now(cutOff.now, lead: 0, held: cutOff.held, logInTime: nil) ?? 0
            let value = Array("\(time)".utf8)
            if let held = store[key] {
                let winner = Merge.winner(
                    kind: cutOff.scope.kind, existing: held.span.bytes, incoming: value.span.bytes)
                if winner == .incoming { store[key] = value }
            } else {
                store[key] = value
            }
            cutOff.step = .done
            cutOff.acknowledged = position
        case .done: break
        }
        return cutOff
    }

    private func key(_ scope: Scope) -> String { (try? Self.namespace.key(for: scope)) ?? "" }

    private func read(_ check: Check) -> [[UInt8]?] { check.keys.map { store[$0] } }

    // MARK: Judging

    /// What is wrong in the end, when no actor has a step left.
    func violations() -> [String] {
        var violations: [String] = []
        for (index, logIn) in logIns.enumerated() {
            guard let token = logIn.token, let begun = logIn.begun, let ended = logIn.ended else {
                violations.append("a log-in was never handed out")
                continue
            }
            let isDead = cutOffs.contains { $0.begun.map { $0 > ended } ?? false }
            let lives = cutOffs.allSatisfy { $0.acknowledged.map { $0 < begun } ?? false }
            // A refresh uses the first one's token up.
            let isUsed = index == 0 && refresh.map { $0.step != .claim } ?? false
            violations += Self.violations("a log-in", isRevoked(token), isDead, lives && !isUsed)
            // Whatever was made of it, and whenever.
            guard index == 0, let refreshed = refresh?.token else { continue }
            violations += Self.violations("a refreshed token", isRevoked(refreshed), isDead, lives)
        }
        return violations
    }

    private static func violations(_ what: String, _ isRevoked: Bool, _ isDead: Bool, _ lives: Bool) -> [String] {
        if isDead, !isRevoked { return ["\(what) that ended before a cut-off began lives on"] }
        if lives, isRevoked { return ["\(what) that began after the last cut-off is dead"] }
        return []
    }

    private func isRevoked(_ token: TokenClaims) -> Bool {
        let check = Check(token, in: Self.namespace)
        if case .clear = check.verdict(values: read(check), pinnedEpoch: Self.epoch, now: clock) { return false }
        return true
    }
}
