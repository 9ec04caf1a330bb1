/// At the end every node is asked for every revoked token that has not expired. Pure, the load sends.
struct NodeAudit {
    struct Outcome: Sendable {
        /// Tokens, and the answers that they got from all nodes.
        var tokens = 0
        var answers = 0
        /// A revocation that had been acknowledged, and a node let its token through.
        var lost = 0
        /// Nodes did not answer, again and again.
        var unanswered = 0
    }

    /// How often an answer may be missing, for each node.
    private static let patience = 2_000

    private let tokens: [TokenRecord]
    private var next: [Int]
    private var again: [[TokenRecord]]
    private var failures: [Int]
    private(set) var outcome = Outcome()

    init(_ tokens: [TokenRecord], nodes: Int) {
        self.tokens = tokens
        next = Array(repeating: 0, count: nodes)
        again = Array(repeating: [], count: nodes)
        failures = Array(repeating: 0, count: nodes)
        outcome.tokens = tokens.count
    }

    /// What to ask a node for next; nil when it has been asked for everything.
    mutating func take(for node: Int) -> TokenRecord? {
        if let token = again[node].popLast() { return token }
        guard next[node] < tokens.count else { return nil }
        defer { next[node] += 1 }
        return tokens[next[node]]
    }

    mutating func answered(_ token: TokenRecord, _ judgement: Judgement, on node: Int) {
        guard !judgement.isVerdict else {
            outcome.answers += 1
            if judgement.isViolation { outcome.lost += 1 }
            return
        }
        failures[node] += 1
        if failures[node] <= Self.patience { again[node].append(token) } else { outcome.unanswered += 1 }
    }

    var isDone: Bool { next.allSatisfy { $0 == tokens.count } && again.allSatisfy(\.isEmpty) }
}
