/// The numbers of the wire contract: times in milliseconds, sizes in bytes.
public enum Limits {
    /// How long a key outlives its token: for verifiers' leeway (at most 60 s), and clocks within 30 s of the store's.
    public static let marginMilliseconds: Int64 = 120_000
    /// The longest leeway of a verifier. A longer one is refused at start.
    public static let maximumLeewayMilliseconds: Int64 = 60_000
    /// The largest difference between a verifier's clock and the store's.
    public static let maximumSkewMilliseconds: Int64 = 30_000
    /// An identifier longer than this is replaced by its digest.
    public static let maximumIdentifierBytes = 256
    /// The longest guarded key that the daemon stores.
    public static let maximumGuardedKeyBytes = 512
    /// The longest value that the daemon stores under a guarded key.
    public static let maximumGuardedValueBytes = 128
    /// How far a cut-off may be ahead of the store's clock.
    public static let maximumCutOffLeadMilliseconds: Int64 = 60_000
    /// How long a log-in waits for a cut-off ahead of the store's clock to pass.
    public static let maximumLogInDelayMilliseconds: Int64 = 1_000
    /// How far an issuer's clock may be ahead of the store's: with the leeway and a verifier's skew, that is the
    /// margin.
    public static let maximumIssuerLeadMilliseconds: Int64 = 30_000
    /// A smaller cut-off was not written in milliseconds.
    public static let minimumCutOff: Int64 = 1_000_000_000_000
    /// The longest label of an issuer.
    public static let maximumIssuerLabelBytes = 32
}
