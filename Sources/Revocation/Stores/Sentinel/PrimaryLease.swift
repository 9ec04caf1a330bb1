/// Which server a majority of the sentinels confirms as the primary, and for how long that counts. Without I/O.
///
/// A primary that is cut off goes on answering while the sentinels promote another server. So a server is used only
/// while a majority of the sentinels has recently confirmed it. Any two majorities share a sentinel, which names one
/// primary at a time. So a client that waits for ``quarantine`` before it writes to a new primary writes when no client
/// uses the old one any more.
struct PrimaryLease: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Primary {
        let location: StoreURL.Location
        /// When the latest confirmation was asked for.
        var confirmedAt: Instant
        /// Since when a majority of the sentinels has named it.
        var since: Instant
        /// When it was first seen in place of another one: a lower bound of ``since``, whatever the sentinels' clocks
        /// say.
        let replacedAt: Instant?
    }

    /// How long a confirmation counts.
    let lifetime: Duration
    /// How long a new primary is not written to. Longer than ``lifetime``, even if two clocks differ by 10 % each.
    let quarantine: Duration

    private let sentinelCount: Int
    private var primary: Primary?
    /// The last confirmed primary.
    private var lastLocation: StoreURL.Location?
    /// Why there is no primary.
    private(set) var failure = StoreFailure(.unreachable, "no sentinel has been asked yet")

    /// - Parameter interval: how often the sentinels are asked. Two answers in a row may be missing.
    init(sentinelCount: Int, interval: Duration) {
        self.sentinelCount = sentinelCount
        lifetime = interval * 3
        quarantine = interval * 4
    }

    /// Records the answers of the sentinels.
    /// - Parameter words: of each of them.
    mutating func heard(_ words: [SentinelWord], askedAt: Instant) {
        let majority = sentinelCount / 2 + 1
        var ages: [StoreURL.Location: [Duration]] = [:]
        for case .primary(let location, let age) in words { ages[location, default: []].append(age) }
        guard let (location, votes) = ages.first(where: { $0.value.count >= majority }) else {
            failure = StoreFailure(disagreeing: words)
            // Silent sentinels may be cut off, which the lifetime allows for. Contrary answers count at once.
            let silent = words.count { if case .silent = $0 { true } else { false } }
            if let primary, (ages[primary.location]?.count ?? 0) + silent < majority { self.primary = nil }
            return
        }
        // The time since which the longest-standing majority has named it.
        let since = askedAt - votes.sorted(by: >)[majority - 1]
        if let known = primary, known.location == location, askedAt - known.confirmedAt <= lifetime {
            primary?.confirmedAt = max(askedAt, known.confirmedAt)
            primary?.since = max(since, known.replacedAt ?? since)
        } else {
            let replacedAt = lastLocation.flatMap { $0 == location ? nil : askedAt }
            primary = Primary(
                location: location, confirmedAt: askedAt, since: max(since, replacedAt ?? since), replacedAt: replacedAt
            )
        }
        lastLocation = location
    }

    /// The primary; nil if none is confirmed.
    func location(at now: Instant) -> StoreURL.Location? {
        primary.flatMap { now - $0.confirmedAt <= lifetime ? $0.location : nil }
    }

    /// Why a server must not be sent anything now; nil if it may.
    func objection(
        to location: StoreURL.Location, for purpose: StoreConnection.Purpose, at now: Instant
    ) -> StoreFailure? {
        guard let primary, now - primary.confirmedAt <= lifetime else { return failure }
        guard primary.location == location else { return .replaced }
        guard purpose == .write, now - primary.since < quarantine else { return nil }
        return StoreFailure(
            .unreachable, "another server has just become the primary: it is written to in a moment, try again")
    }
}

extension StoreFailure {
    static let replaced = StoreFailure(.unreachable, "another server has become the primary")

    init(disagreeing words: [SentinelWord]) {
        let parts = SentinelWord.Meaning.allCases.compactMap { meaning -> String? in
            let count = words.count { $0.meaning == meaning }
            return count == 0 ? nil : "\(count) \(meaning.rawValue)"
        }
        self.init(
            .unreachable,
            "too few sentinels confirm one primary: of \(words.count), \(parts.joined(separator: ", "))")
    }
}
