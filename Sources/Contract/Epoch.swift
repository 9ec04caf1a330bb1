/// The identity of a denylist (DESIGN §3): a `.clear` counts only if the same reply carried the pinned epoch.
public enum Epoch {
    /// A plain key that holds a random UUID. The daemon owns it; on other servers `revoked init` writes it once.
    public static let key = "revoked.epoch"
    /// Holds the epoch that an operator accepted with `revoked accept`, after the store had lost its memory.
    public static let acceptedKey = "revoked.accepted"
}
