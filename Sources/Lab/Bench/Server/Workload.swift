/// The requests by which servers are compared.
package enum Workload: String, CaseIterable, Codable, Sendable {
    case existsHit = "exists-hit"
    case existsMiss = "exists-miss"
    /// Three stored keys in one `MGET`.
    case mget3
    /// A whole check of a token: `MGET` of its own key, its session's, its subject's and the epoch.
    case check
    /// A check of every scope: `MGET` of the token's own key, its session's, subject's, client's and key's, the cut-off
    /// for all, and the epoch.
    case check7 = "check-of-7"
    /// Writes over stored keys, so that every run finds as many.
    case setex
    /// 95 % EXISTS, 5 % SETEX.
    case mix

    /// In a table.
    var title: String {
        switch self {
        case .existsHit: "EXISTS, hit"
        case .existsMiss: "EXISTS, miss"
        case .mget3: "MGET of 3"
        case .check: "MGET of 4, a full check"
        case .check7: "MGET of 7, every scope"
        case .setex: "SETEX"
        case .mix: "95 % EXISTS, 5 % SETEX"
        }
    }

    /// Operations and the share of each in per cent.
    private var operations: [(Operation, percent: Int)] {
        switch self {
        case .existsHit: [(.existsHit, 100)]
        case .existsMiss: [(.existsMiss, 100)]
        case .mget3: [(.mget3, 100)]
        case .check: [(.check, 100)]
        case .check7: [(.check7, 100)]
        case .setex: [(.setex, 100)]
        case .mix: [(.existsHit, 95), (.setex, 5)]
        }
    }

    /// - Parameter lifetime: of what is written, in seconds.
    /// - Returns: nil if the protocol lacks one of the operations.
    func mix(in dialect: Dialect, lifetime: Int) -> [(template: RequestTemplate, percent: Int)]? {
        let mix = operations.compactMap { operation, percent in
            dialect.template(operation, lifetime: lifetime).map { (template: $0, percent: percent) }
        }
        return mix.count == operations.count ? mix : nil
    }
}
