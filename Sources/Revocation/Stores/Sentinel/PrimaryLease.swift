/// Which server the sentinels call the primary, and for how long that is believed: without its I/O.
///
/// A primary that is cut off goes on answering while the sentinels make another server the primary. So a server is used
/// only while a majority of the sentinels has just confirmed it. Any two majorities have a sentinel in common, which
/// names one primary at a time: a client that writes to a new primary only after ``quarantine`` writes when nobody
/// believes the old one any more.
struct PrimaryLease: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Primary {
        let location: StoreURL.Location
        /// When the sentinels were asked that confirmed it last.
        var confirmedAt: Instant
        /// Since when a majority of the sentinels has called it the primary.
        var since: Instant
        /// When it was first seen in the place of another one: whatever the sentinels' clocks say, it is no older.
        let replacedAt: Instant?
    }

    /// How long a confirmation is believed.
    let lifetime: Duration
    /// How long a primary is not written to after it has become one. Longer than ``lifetime`` by more than two clocks
    /// may differ in that time, 10 % each.
    let quarantine: Duration

    private let sentinelCount: Int
    private var primary: Primary?
    /// The last that was believed to be the primary.
    private var lastLocation: StoreURL.Location?
    /// Why there is no primary.
    private(set) var failure = StoreFailure(.unreachable, "no sentinel has been asked yet")

    /// - Parameter interval: how often the sentinels are asked. Two answers in a row may be missing.
    init(sentinelCount: Int, interval: Duration) {
        self.sentinelCount = sentinelCount
        lifetime = interval * 3
        quarantine = interval * 4
    }

    /// The sentinels have answered.
    /// - Parameter words: of each of them.
    mutating func heard(_ words: [SentinelWord], askedAt: Instant) {
        let majority = sentinelCount / 2 + 1
        var ages: [StoreURL.Location: [Duration]] = [:]
        for case .primary(let location, let age) in words { ages[location, default: []].append(age) }
        guard let (location, votes) = ages.first(where: { $0.value.count >= majority }) else {
            failure = StoreFailure(disagreeing: words)
            // Those who say nothing may be cut off, which the lifetime allows for; those who say otherwise are
            // believed.
            let silent = words.count { if case .silent = $0 { true } else { false } }
            if let primary, (ages[primary.location]?.count ?? 0) + silent < majority { self.primary = nil }
            return
        }
        // The majority of those who have called it the primary for longest.
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

    /// Why nothing is to be sent to a server now; nil if it may be.
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
