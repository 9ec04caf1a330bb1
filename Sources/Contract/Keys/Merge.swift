/// How two writes of one guarded key are merged: a revocation only grows (WireContract.md, *Revoking*).
public enum Merge {
    /// Which of two values a key keeps.
    public enum Winner: Sendable { case existing, incoming }

    /// The larger cut-off; of reasons the first, but `rotated…` yields to any other.
    public static func winner(kind: Scope.Kind, existing: RawSpan, incoming: RawSpan) -> Winner {
        if kind.isCutOff {
            guard let old = CutOff.parse(existing) else { return .incoming }
            guard let new = CutOff.parse(incoming) else { return .existing }
            return new > old ? .incoming : .existing
        }
        return Reason.isRotated(existing) && !Reason.isRotated(incoming) ? .incoming : .existing
    }
}
