import Contract

/// The look-up of some keys of a cluster: the groups to send, and the values in their answers.
struct ClusterLookUp: Sendable {
    let groups: [ClusterGroup]
    private let keys: [String]
    /// The keys to read, one for each group. Epoch and terms are read from these keys' nodes.
    private let read: [String]

    /// - Parameter command: a command about the key `own`, sent before it is read. The first of the first group.
    init(_ keys: [String], after command: Command? = nil, of own: String? = nil) {
        let proof = keys.contains(Terms.key) ? ClusterGroup.Proof.epochAndTerms : .epoch
        var read = keys.filter { $0 != Epoch.key && $0 != Terms.key && $0 != own }
        if let own { read.insert(own, at: 0) }
        if read.isEmpty { read = [Epoch.key] }
        self.keys = keys
        self.read = read
        groups = read.enumerated().map { index, key in
            let before = index == 0 ? command.map { [$0] } ?? [] : []
            return ClusterGroup(key, before + [Command("GET", key)], proof: proof)
        }
    }

    /// - Returns: the values. The epoch is nil unless all nodes agree; the terms are those of any node that has some.
    func values(_ answers: [ClusterAnswer]) throws(StoreFailure) -> TimedValues {
        guard answers.count == read.count else { throw .unexpectedReply }
        var held: [ExactString: (value: [UInt8]?, time: Int64)] = [:]
        var proofs: [Set<[UInt8]?>] = [[], []]
        for (key, answer) in zip(read, answers) {
            held[ExactString(key)] = (try (answer.replies.last ?? .null).value(), answer.time ?? 0)
            for (index, reply) in answer.proof.reversed().enumerated() { proofs[index].insert(try reply.value()) }
        }
        let earliest = answers.compactMap(\.time).min() ?? 0
        let (epoch, terms) = (proofs[0].agreed, proofs[1].agreed ?? proofs[1].compactMap { $0 }.first)
        var values: [[UInt8]?] = []
        var times: [Int64] = []
        for key in keys {
            let isProof = key == Epoch.key || key == Terms.key
            values.append(isProof ? (key == Epoch.key ? epoch : terms) : held[ExactString(key)]?.value)
            times.append(isProof ? earliest : held[ExactString(key)]?.time ?? earliest)
        }
        return TimedValues(values: values, times: times)
    }
}

extension Set<[UInt8]?> {
    /// The only element; nil if there are several.
    fileprivate var agreed: [UInt8]? { count == 1 ? first ?? nil : nil }
}
