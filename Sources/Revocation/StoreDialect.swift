/// How revocations are to be written to a store.
enum StoreDialect: Sendable, Equatable {
    /// Our daemon, which merges by itself.
    case daemon
    /// A server that does not merge.
    /// - Parameter combinesSetOptions: whether it knows `SET … NX GET`, which Redis does since 7.0.
    case stock(combinesSetOptions: Bool)
}
