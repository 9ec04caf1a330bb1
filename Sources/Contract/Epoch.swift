/// The identity of a denylist (DESIGN §3): a `.clear` counts only if the same reply carried the pinned epoch.
public enum Epoch {
    /// A plain key that holds a random UUID. The daemon owns it; on other servers `revoked init` writes it once.
    public static let key = "revoked.epoch"
    /// Holds the epoch that an operator accepted with `revoked accept`, after the store had lost its memory.
    public static let acceptedKey = "revoked.accepted"

    /// Why nothing that a store says can be believed to be clear; nil if it carries the pinned epoch. An empty epoch is none.
    public static func doubt(_ epoch: [UInt8]?, pinned: [UInt8]) -> UnknownCause? {
        guard let epoch, !epoch.isEmpty else {
            return UnknownCause(
                .epochMissing,
                "the store has no epoch: it has lost its memory, or was never initialised (run revoked init)")
        }
        guard epoch == pinned else {
            return UnknownCause(
                .epochChanged,
                "the store's epoch has changed: it has lost its memory, or is another store (revoked accept goes on with it)"
            )
        }
        return nil
    }
}
