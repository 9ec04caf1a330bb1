/// What a store that may be used was like when it was last examined.
struct StoreCondition: Sendable, Equatable {
    /// What an operator should know.
    var warnings: [String] = []
}
