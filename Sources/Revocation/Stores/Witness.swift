import Contract

/// The terms and the epoch of a store, read behind some writes on the same connection in the same batch. A write is
/// acknowledged only if they are the pinned epoch and the terms that its lifetime was calculated from (WireContract.md,
/// *The terms*).
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
    /// - Throws: the error that the store answered in its place.
    init(_ reply: Reply) throws(StoreFailure) {
        let values = try reply.values(count: Self.keys.count)
        self.init(terms: values[0], epoch: values[1])
    }
}

/// The outcome of writes, accessible only by comparing their witnesses with the pinned epoch. So no write can be
/// acknowledged without proof of which store took it.
struct Witnessed<Value: Sendable>: Sendable {
    private let value: Value
    /// One of each batch or, in a cluster, of each slot.
    private let witnesses: [Result<Witness, StoreFailure>]

    init(_ value: Value, _ witnesses: [Result<Witness, StoreFailure>]) {
        precondition(!witnesses.isEmpty, "what was written has a witness")
        self.init(value: value, witnesses: witnesses)
    }

    private init(value: Value, witnesses: [Result<Witness, StoreFailure>]) {
        self.value = value
        self.witnesses = witnesses
    }

    /// Nothing had to be written.
    static func nothingWritten(_ value: Value) -> Witnessed { Witnessed(value: value, witnesses: []) }

    init(_ value: Value, _ witness: Witness) { self.init(value, [.success(witness)]) }

    /// The outcome of the writes.
    /// - Parameter needsTerms: whether the lifetime written was calculated from the terms.
    /// - Throws: unless every witness has the pinned epoch and its terms.
    func value(from pinnedEpoch: PinnedEpoch, needsTerms: Bool = true) throws(StoreFailure) -> Value {
        for witness in witnesses {
            if let objection = pinnedEpoch.objection(to: try witness.get(), needsTerms: needsTerms) { throw objection }
        }
        return value
    }

    /// The same writes with another value.
    func map<New>(_ transform: (Value) throws(StoreFailure) -> New) throws(StoreFailure) -> Witnessed<New> {
        Witnessed<New>(value: try transform(value), witnesses: witnesses)
    }

    /// The outcome without the comparison: for commands that acknowledge nothing, or whose reply is its own proof.
    func unproven<New>(_ transform: (Value) throws(StoreFailure) -> New) throws(StoreFailure) -> New {
        try transform(value)
    }

    /// These writes and further ones as one.
    func joined<Other>(
        _ other: Witnessed<Other>, _ combine: (Value, Other) throws(StoreFailure) -> Value
    ) throws(StoreFailure) -> Witnessed {
        Witnessed(value: try combine(value, other.value), witnesses: witnesses + other.witnesses)
    }
}
