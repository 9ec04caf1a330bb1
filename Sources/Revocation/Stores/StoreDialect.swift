/// How revocations are written to a store.
enum StoreDialect: Sendable, Equatable {
    /// Our daemon, which merges by itself.
    case daemon
    /// A server that does not merge.
    /// - Parameter combinesSetOptions: whether it knows `SET … NX GET`, which Redis does since 7.0.
    case stock(combinesSetOptions: Bool)

    /// The dialect that assumes less of a store.
    static func mostCareful(_ one: StoreDialect, _ other: StoreDialect) -> StoreDialect {
        switch (one, other) {
        case (.daemon, _): other
        case (_, .daemon): one
        case (.stock(let first), .stock(let second)): .stock(combinesSetOptions: first && second)
        }
    }
}
