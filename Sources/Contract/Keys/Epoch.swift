/// The identity of a denylist (WireContract.md): a `.clear`, and an acknowledgement of a write, count only if the same
/// pipeline carried the pinned epoch.
public enum Epoch {
    /// A plain key that holds a random UUID. The daemon owns it; on other servers `revoked init` writes it once.
    public static let key = "revoked.epoch"
    /// Holds an operator's acceptance (`revoked accept`) after the store had lost its memory: `<new> replaces <old>`.
    public static let acceptedKey = "revoked.accepted"

    /// The identity in a store's `revoked.epoch`.
    public struct Identity: Sendable, Equatable {
        private static let mark = Array(" replaces ".utf8)

        public let epoch: [UInt8]
        /// The epoch that it replaced, if that is not accepted yet; nil for a bare epoch.
        public let replaced: [UInt8]?

        public init(epoch: [UInt8], replacing replaced: [UInt8]? = nil) {
            self.epoch = epoch
            self.replaced = replaced
        }

        /// - Parameter value: `<epoch>` or `<epoch> replaces <old epoch>`.
        /// - Returns: nil if there is none.
        public init?(_ value: [UInt8]?) {
            guard let value, !value.isEmpty else { return nil }
            let mark = Self.mark
            guard value.count > mark.count,
                let start = (1..<value.count - mark.count).first(where: {
                    value[$0..<$0 + mark.count].elementsEqual(mark)
                })
            else {
                self.init(epoch: value)
                return
            }
            self.init(epoch: Array(value[..<start]), replacing: Array(value[(start + mark.count)...]))
        }

        /// As stored, and as in an acceptance.
        public var bytes: [UInt8] { replaced.map { epoch + Self.mark + $0 } ?? epoch }
    }

    /// Why no answer of a store proves clear; nil if it carries the pinned epoch. An empty epoch counts as none.
    /// - Parameters:
    ///   - epoch: the value of ``key``; nil if it does not exist.
    ///   - pinned: empty for a process without a pinned epoch, which believes a bare epoch only.
    public static func mismatch(_ epoch: [UInt8]?, pinned: [UInt8]) -> UnknownCause? {
        guard let identity = Identity(epoch) else {
            return UnknownCause(
                .epochMissing,
                "the store has no epoch: it has lost its memory, or was never initialised (run revoked init)")
        }
        guard identity.successor == nil else {
            return UnknownCause(
                .epochChanged,
                "the store was left for a revoked daemon (revoked cut-over), and its answers count no more: name the daemon"
            )
        }
        if identity.epoch == pinned { return nil }
        guard !pinned.isEmpty || identity.replaced == nil else {
            return UnknownCause(
                .epochChanged,
                "the store may have lost revocations, and no operator has accepted that: look what is missing, then run revoked accept"
            )
        }
        return UnknownCause(
            .epochChanged,
            "the store's epoch has changed: it has lost its memory, or is another store (revoked accept goes on with it)"
        )
    }
}

// MARK: - A server that is left

extension Epoch.Identity {
    private static let departure = Array("left:".utf8)

    /// The epoch of a server that is left for a daemon (`revoked cut-over`): `left:<attempt>:<the daemon's epoch>`,
    /// with the epoch that it had. No process believes a store with such an epoch, or follows an acceptance of it: the
    /// daemon may have taken over.
    /// - Parameter attempt: random, so that a program which does not know this form takes none for an earlier one.
    package init(leaving replaced: [UInt8], for successor: [UInt8], attempt: UInt64) {
        let digits = String(attempt, radix: 16)
        let attempt = String(repeating: "0", count: 16 - digits.count) + digits
        self.init(epoch: Self.departure + Array("\(attempt):".utf8) + successor, replacing: replaced)
    }

    /// The epoch of the daemon for which the store was left; nil if it was not.
    package var successor: [UInt8]? {
        guard epoch.starts(with: Self.departure), let colon = epoch.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        return Array(epoch[(colon + 1)...])
    }
}
