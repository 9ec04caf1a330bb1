import Synchronization

/// What is known of the epoch's history: an epoch itself is a random number.
final class EpochFigures: Sendable {
    private let since = Atomic<Int64>(0)
    private let renewals = Atomic(0)

    /// Milliseconds of ``ServerClock/uptime()``: when this process made the epoch, or took it over from the data
    /// directory.
    var knownSince: Int64 { since.load(ordering: .relaxed) }
    /// How many epochs this process has made.
    var renewed: Int { renewals.load(ordering: .relaxed) }

    func renewed(at now: Int64) {
        renewals.wrappingAdd(1, ordering: .relaxed)
        since.store(now, ordering: .relaxed)
    }

    /// The data directory has been read; the epoch in it goes on, unless there is a new one.
    func loaded(at now: Int64) { if knownSince == 0 { since.store(now, ordering: .relaxed) } }
}
