import Contract

extension Verdict {
    /// For spans: `clear`, `revoked`, or the cause's code.
    var word: String {
        switch self {
        case .clear: "clear"
        case .revoked: "revoked"
        case .unknown(let cause): cause.code.rawValue
        }
    }
}
