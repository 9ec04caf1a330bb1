/// When the log-in of a token happened: at `earliest` at the earliest, at `latest` at the latest. Nanoseconds of the
/// harness' one monotonic clock. Refreshes carry it along, as they carry `auth_time`.
struct LogInSpan: Sendable, Equatable {
    let earliest: Int64
    let latest: Int64
    /// The cut-off that the same request made ("everywhere but here"), which does not cover it; 0 for none.
    var sparedBy = 0

    /// A log-in by request: it happened between the two.
    init(sentAt: Int64, receivedAt: Int64, sparedBy: Int = 0) {
        (earliest, latest) = (sentAt, receivedAt)
        self.sparedBy = sparedBy
    }
}
