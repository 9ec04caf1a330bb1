import Contract

/// What a store says of itself behind some writes: read on the same connection, in the same batch. A write that another
/// store took is not acknowledged, nor one whose lifetime was reckoned from other terms (WireContract.md, *The terms*).
struct Witness: Sendable, Equatable {
    static let keys = [Terms.key, Epoch.key]

    /// One command behind all writes of a flush.
    static let command = Command("MGET", keys)

    let terms: [UInt8]?
    let epoch: [UInt8]?

    init(terms: [UInt8]?, epoch: [UInt8]?) {
        self.terms = terms
        self.epoch = epoch
    }

    /// - Parameter replies: of a slot of a cluster: two values.
    init(_ replies: ArraySlice<Reply>) throws(StoreFailure) {
        guard replies.count == Self.keys.count, let terms = replies.first, let epoch = replies.last else {
            throw .unexpectedReply
        }
        self.init(terms: try terms.value(), epoch: try epoch.value())
    }

    /// - Parameter reply: to ``command``.
    /// - Throws: what the store answered in its place.
    init(_ reply: Reply) throws(StoreFailure) {
        let values = try reply.values(count: Self.keys.count)
        self.init(terms: values[0], epoch: values[1])
    }
}

/// What came of writes, sealed until it is compared with the store that this process believes: so no write can be
/// acknowledged without proof of who took it.
struct Witnessed<Value: Sendable>: Sendable {
    private let value: Value
    /// Of every batch and, in a cluster, of every slot that had a part in it.
    private let witnesses: [Result<Witness, StoreFailure>]

    init(_ value: Value, _ witnesses: [Result<Witness, StoreFailure>]) {
        precondition(!witnesses.isEmpty, "what was written has a witness")
        self.init(value: value, witnesses: witnesses)
    }

    private init(value: Value, witnesses: [Result<Witness, StoreFailure>]) {
        self.value = value
        self.witnesses = witnesses
    }

    /// Where there was nothing to write.
    static func nothingWritten(_ value: Value) -> Witnessed { Witnessed(value: value, witnesses: []) }

    init(_ value: Value, _ witness: Witness) { self.init(value, [.success(witness)]) }

    /// What came of the writes.
    /// - Parameter needsTerms: whether what was written was reckoned from the terms.
    /// - Throws: unless every witness is of the believed store.
    func value(from pinnedEpoch: PinnedEpoch, needsTerms: Bool = true) throws(StoreFailure) -> Value {
        for witness in witnesses {
            if let objection = pinnedEpoch.objection(to: try witness.get(), needsTerms: needsTerms) { throw objection }
        }
        return value
    }

    /// The same writes, said otherwise.
    func map<New>(_ transform: (Value) throws(StoreFailure) -> New) throws(StoreFailure) -> Witnessed<New> {
        Witnessed<New>(value: try transform(value), witnesses: witnesses)
    }

    /// What came of commands that acknowledge nothing to anybody, or whose proof lies in what they answered.
    func unproven<New>(_ transform: (Value) throws(StoreFailure) -> New) throws(StoreFailure) -> New {
        try transform(value)
    }

    /// These writes and others that belong to them.
    func joined<Other>(
        _ other: Witnessed<Other>, _ combine: (Value, Other) throws(StoreFailure) -> Value
    ) throws(StoreFailure) -> Witnessed {
        Witnessed(value: try combine(value, other.value), witnesses: witnesses + other.witnesses)
    }
}
