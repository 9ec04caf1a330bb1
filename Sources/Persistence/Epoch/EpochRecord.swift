/// A denylist's epoch, and the one that it replaces (WireContract.md, *The epoch*).
///
/// An epoch that replaces another belongs to a list that may have lost revocations. Clients believe it only after an
/// operator has accepted the replacement, with the words in ``acceptance``.
package struct EpochRecord: Sendable, Equatable {
    /// A random UUID, or what another server's key held.
    package let epoch: String
    /// The epoch that clients may have pinned before; nil if there was none.
    package let predecessor: String?
    /// Whether an operator has accepted that ``epoch`` replaces ``predecessor``.
    package let isAccepted: Bool

    /// Stands for an epoch that was lost. No client has pinned it, so an acceptance moves none.
    package static let unknownEpoch = "00000000-0000-0000-0000-000000000000"
    /// The longest epoch, in bytes.
    static let maximumLength = 64
    /// The longest words that accept one, in bytes.
    package static let maximumWords = 2 * maximumLength + " replaces ".utf8.count

    /// The record of a new denylist, which cannot have lost anything: made by `Persistence.epoch(of:)` and
    /// `beginWithoutLog`, by `Daemon.init` without a data directory, and by `Daemon.renewIdentity`.
    package init() { self.init(epoch: Self.randomUUID()) }

    /// - Precondition: both are epochs, as ``isEpoch(_:)`` says.
    init(epoch: String, predecessor: String? = nil, isAccepted: Bool = false) {
        precondition(Self.isEpoch(epoch) && predecessor.map(Self.isEpoch) ?? true)
        self.epoch = epoch
        self.predecessor = predecessor
        self.isAccepted = isAccepted
    }

    /// One word of printable ASCII.
    static func isEpoch(_ text: String) -> Bool {
        (1...maximumLength).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// Whether an operator still has to accept the replacement.
    package var isPending: Bool { predecessor != nil && !isAccepted }

    private var replacement: String? { predecessor.map { "\(epoch) replaces \($0)" } }

    /// What `revoked.epoch` answers.
    package var text: String { isPending ? replacement! : epoch }

    /// What `revoked.accepted` answers; nil if nothing was accepted.
    package var acceptance: String? { isAccepted ? replacement : nil }

    /// The words that accept the replacement; nil if there is none.
    package var demand: String? { replacement }

    /// A new epoch that replaces this one, or the one that clients still believe. Called at a start
    /// (`Persistence.epoch(of:)`, and `beginWithoutLog` without a log), while the daemon runs (`Daemon.renewIdentity`),
    /// and by `check-log --new-epoch` (`LogCheck.renewEpoch`).
    package func replaced() -> EpochRecord {
        EpochRecord(epoch: Self.randomUUID(), predecessor: isPending ? predecessor : epoch)
    }

    /// The same, accepted by an operator's words.
    ///
    /// While it is pending only ``demand`` is accepted. Otherwise it may take the place of any other epoch: clients may
    /// hold that of a list that lived in memory, or of another server.
    /// - Returns: nil for other words.
    package func accepted(_ words: String) -> EpochRecord? {
        let mark = "\(epoch) replaces "
        guard words.hasPrefix(mark), isPending ? words == demand : true else { return nil }
        let other = String(words.dropFirst(mark.count))
        guard Self.isEpoch(other), other != epoch else { return nil }
        return EpochRecord(epoch: epoch, predecessor: other, isAccepted: true)
    }

    /// A new epoch that replaces one that was lost. Called at a start and by `check-log --new-epoch`, as ``replaced()``
    /// is, if no epoch can be read.
    static func replacingUnknown() -> EpochRecord { EpochRecord(epoch: randomUUID(), predecessor: unknownEpoch) }

    /// A version 4 UUID (RFC 9562 §5.4), in lower case.
    private static func randomUUID() -> String {
        var random = SystemRandomNumberGenerator()
        let high = random.next() & ~0xF000 | 0x4000
        let low = random.next() & ~(0xC000_0000_0000_0000) | 0x8000_0000_0000_0000
        func hexadecimal(_ number: UInt64) -> String {
            let digits = String(number, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        let digits = Array(hexadecimal(high) + hexadecimal(low))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }
}
