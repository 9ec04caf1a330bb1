/// How the answers were judged.
struct Tally: Sendable, Equatable {
    /// For so long after an acknowledgement an answer counts as one soon after it, in nanoseconds.
    static let soon: Int64 = 100_000_000

    private var counts = Array(repeating: 0, count: Judgement.allCases.count)
    /// Answers to questions that were sent at most 100 ms after the acknowledgement of the token's revocation.
    private(set) var soonAfterRevocation = 0

    mutating func count(_ judgement: Judgement, isSoon: Bool = false) {
        counts[judgement.rawValue] += 1
        if isSoon, judgement.isVerdict { soonAfterRevocation += 1 }
    }

    subscript(judgement: Judgement) -> Int { counts[judgement.rawValue] }

    /// Answers that said something about a token.
    var judged: Int { Judgement.allCases.filter(\.isVerdict).reduce(0) { $0 + self[$1] } }

    /// Right either way because a revocation got no answer, or the clocks leave it open: too many, and the load judges
    /// nothing. (Those while a revocation is under way are the price of asking at that very moment.)
    var undecided: Int { self[.eitherUnacknowledged] + self[.eitherAtExpiry] }

    var either: Int { Judgement.allCases.filter(\.isEither).reduce(0) { $0 + self[$1] } }

    /// Of all judged answers, 0 to 1.
    var shareUndecided: Double { share(of: undecided) }
    var shareSoonAfterRevocation: Double { share(of: soonAfterRevocation) }

    private func share(of count: Int) -> Double { judged == 0 ? 0 : Double(count) / Double(judged) }
}
