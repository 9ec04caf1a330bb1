import Contract
import Revocation

/// What a message revokes.
struct EventOrders: Sendable {
    private(set) var all: [(request: RevocationRequest, reason: Reason)] = []
    /// Why a part of the message cannot be carried out. The rest is, and then the message is refused: its sender would
    /// take everything for revoked otherwise.
    private(set) var refusal: EventRefusal?

    init() {}

    init(_ named: SubjectMapping.Named, _ reason: Reason) { add(named, reason) }

    /// Adds what a subject names, each thing once.
    mutating func add(_ named: SubjectMapping.Named, _ reason: Reason) {
        for request in named.requests where !all.contains(where: { $0.request == request }) {
            all.append((request, reason))
        }
        if let refusal = named.refusal { refuse(refusal) }
    }

    /// Refuses a part of the message. The sender is told of the first one.
    mutating func refuse(_ refusal: EventRefusal) { self.refusal = self.refusal ?? refusal }
}
