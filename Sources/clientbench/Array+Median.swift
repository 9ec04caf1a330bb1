extension [Double] {
    /// The middle one, or the mean of the two in the middle; not a number if there is none.
    var median: Double {
        let ordered = sorted()
        guard !ordered.isEmpty else { return .nan }
        return (ordered[(count - 1) / 2] + ordered[count / 2]) / 2
    }
}
