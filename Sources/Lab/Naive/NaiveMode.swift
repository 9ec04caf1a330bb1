/// How well the naive denylist is made.
package enum NaiveMode: String, Sendable, CaseIterable {
    /// As well as can be without any of what it lacks.
    case losesRevocations = "loses-revocations"
    /// Entries of access tokens end one second before their tokens: a planted mistake.
    case losesRevocationsEarly = "loses-revocations-early"
}
