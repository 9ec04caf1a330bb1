import Contract
import NIOCore

/// The tokens for which something is open in this process, and which of them a revocation may concern.
struct OpenTokens {
    struct Entry {
        let claims: TokenClaims
        let policy: FailurePolicy
        let handle: OpenToken
        /// When it was last proven clear; nil if it never was.
        var provenAt: ContinuousClock.Instant?
        /// The last judgement has proven nothing: it is repeated until one does.
        var isDoubted = true
        /// nil if it need not be judged now.
        var turn: Turn?
    }

    /// When a token is judged again.
    enum Turn {
        /// Together with many others.
        case due
        /// Before those: a revocation has arrived that names it.
        case heard
    }

    /// Until then every token is clear, but for those that are doubted or are to be judged.
    var provenAt: ContinuousClock.Instant?
    private(set) var entries: [Int: Entry] = [:]
    /// By scope without the issuer: a revocation of another issuer costs a judgement, no more. Identifiers are those of
    /// keys. There is no entry for all.
    private var index: [Scope: Set<Int>] = [:]
    /// Those to be judged, by ``Turn``. One that was heard of may be in both.
    private var due = CircularBuffer<Int>()
    private var heard = CircularBuffer<Int>()
    private var nextNumber = 0

    var isEmpty: Bool { entries.isEmpty }
    var hasPending: Bool { !due.isEmpty || !heard.isEmpty }

    /// - Returns: the number of the token.
    mutating func add(_ entry: Entry) -> Int {
        nextNumber += 1
        entries[nextNumber] = entry
        for scope in Self.scopes(of: entry.claims) { index[scope, default: []].insert(nextNumber) }
        return nextNumber
    }

    mutating func remove(_ number: Int) {
        guard let entry = entries.removeValue(forKey: number) else { return }
        for scope in Self.scopes(of: entry.claims) {
            index[scope]?.remove(number)
            if index[scope]?.isEmpty == true { index[scope] = nil }
        }
    }

    // MARK: What is known

    mutating func proved(_ number: Int, at time: ContinuousClock.Instant) {
        guard var entry = entries[number] else { return }
        entry.provenAt = max(entry.provenAt ?? time, time)
        entry.isDoubted = false
        entries[number] = entry
    }

    /// A judgement has proven nothing.
    /// - Returns: when it was last proven clear; nil if it never was.
    mutating func doubt(_ number: Int) -> ContinuousClock.Instant? {
        guard var entry = entries[number] else { return nil }
        entry.provenAt = lastProof(of: entry)
        entry.isDoubted = true
        entries[number] = entry
        return entry.provenAt
    }

    private func lastProof(of entry: Entry) -> ContinuousClock.Instant? {
        guard !entry.isDoubted, let proof = entry.provenAt else { return entry.provenAt }
        return max(proof, provenAt ?? proof)
    }

    // MARK: What is to be judged

    /// Has those judged that a revocation may concern.
    mutating func judge(_ kind: Scope.Kind, _ identifier: String?) {
        switch (kind, identifier) {
        case (.token, let name?): judge(.token(name))
        case (.session, let name?): judge(.session(name))
        case (.subject, let name?): judge(.subject(name))
        case (.client, let name?): judge(.client(name))
        case (.key, let name?): judge(.key(name))
        case (.all, _), (_, nil): judgeAll()
        }
    }

    private mutating func judge(_ scope: Scope) {
        for number in index[scope] ?? [] where entries[number]?.turn != .heard {
            entries[number]?.turn = .heard
            heard.append(number)
        }
    }

    mutating func judgeAll() {
        for number in entries.keys { becomeDue(number) }
    }

    /// Has those judged that were not proven since a time; nil: only those that are doubted.
    mutating func judgeUnproven(since time: ContinuousClock.Instant?) {
        for (number, entry) in entries {
            let isOld = time.flatMap { time in lastProof(of: entry).map { $0 <= time } } ?? false
            if entry.isDoubted || isOld { becomeDue(number) }
        }
    }

    private mutating func becomeDue(_ number: Int) {
        guard let entry = entries[number], entry.turn == nil else { return }
        entries[number]?.turn = .due
        due.append(number)
    }

    /// Those that are judged next. What arrives from now on has them judged again.
    ///
    /// What was heard comes first, but a quarter is left to those that are due: what cannot be proven for too long has
    /// to end, whatever arrives.
    mutating func takePending(_ maximum: Int) -> [(number: Int, entry: Entry)] {
        var taken: [(number: Int, entry: Entry)] = []
        take(.heard, maximum - maximum / 4, &taken)
        take(.due, maximum, &taken)
        take(.heard, maximum, &taken)
        return taken
    }

    private mutating func take(_ turn: Turn, _ maximum: Int, _ taken: inout [(number: Int, entry: Entry)]) {
        while taken.count < maximum, let number = turn == .heard ? heard.popFirst() : due.popFirst() {
            guard entries[number]?.turn == turn else { continue }
            entries[number]?.turn = nil
            if let entry = entries[number] { taken.append((number, entry)) }
        }
    }

    private static func scopes(of claims: TokenClaims) -> [Scope] {
        claims.scopes.compactMap { scope in
            switch scope {
            case .token(let identifier): .token(Namespace.bounded(identifier))
            case .session(let identifier): .session(Namespace.bounded(identifier))
            case .subject(let identifier): .subject(Namespace.bounded(identifier))
            case .client(let identifier): .client(Namespace.bounded(identifier))
            case .key(let identifier): .key(Namespace.bounded(identifier))
            case .all: nil
            }
        }
    }
}
