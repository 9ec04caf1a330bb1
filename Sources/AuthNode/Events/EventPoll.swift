import Foundation
import JSON

/// How events of a provider are polled (RFC 8936).
struct EventPollConfiguration: Sendable, Equatable {
    /// The most events of an answer that are read. The others come again.
    static let maximumEvents = 100

    /// Between two polls that bring nothing.
    var interval: Duration = .seconds(10)
    /// Whether the transmitter holds an answer back until there is an event (§2.2).
    var waits = false
}

/// The course of polling one stream: what is acknowledged next, and when. No I/O.
///
/// An event is acknowledged by the request after its revocation became durable (§2.4.3). A request that failed is
/// repeated with the same acknowledgements.
struct EventPoll: Sendable {
    /// A request (§2.2).
    struct Request: Encodable, Equatable {
        let maxEvents: Int
        let returnImmediately: Bool
        let ack: [String]?
        let setErrs: [String: Problem]?
    }

    struct Problem: Encodable, Equatable {
        let err: String
        let description: String
    }

    /// An answer (§2.3).
    private struct Answer: Decodable {
        let sets: [String: String]
    }

    private static let firstPause: Duration = .seconds(1)
    private static let longestPause: Duration = .seconds(60)
    /// A transmitter may send more events than it was asked for. As many fit into an answer of 2 MiB.
    private static let maximumSets = 8_192
    /// The longest identifier that is acknowledged.
    private static let maximumIdentifierBytes = 1_024
    /// After so many answers in a row with an event that cannot be carried out, it is a problem.
    static let patience = 5

    let configuration: EventPollConfiguration
    private var acknowledged: [String] = []
    private var problems: [String: Problem] = [:]
    /// Failures in a row: of requests, or of events that could not be carried out.
    private var failures = 0
    /// What the last answer brought.
    private var hasRevoked = false
    private var isUnsettled = false
    /// Why an event of the last answer could not be carried out, and for how many answers in a row that was so.
    private var lastCause: String?
    private var answersWithUnsettled = 0

    init(_ configuration: EventPollConfiguration) {
        self.configuration = configuration
    }

    /// Why events come again and again without being carried out; nil if they do not.
    var standstill: String? { answersWithUnsettled >= Self.patience ? lastCause : nil }

    /// What is sent next.
    var request: Request {
        Request(
            maxEvents: EventPollConfiguration.maximumEvents, returnImmediately: !configuration.waits,
            ack: acknowledged.isEmpty ? nil : acknowledged, setErrs: problems.isEmpty ? nil : problems)
    }

    /// - Parameter body: of an answer to ``request``.
    /// - Returns: the events to carry out; nil for an answer that is none.
    mutating func answered(_ body: Data) -> [(identifier: String, token: String)]? {
        guard let answer: Answer = try? StrictJSON.decode(from: body, maximumMembers: Self.maximumSets) else {
            failed()
            return nil
        }
        acknowledged = []
        problems = [:]
        (hasRevoked, isUnsettled) = (false, false)
        lastCause = nil
        return answer.sets.filter { $0.key.utf8.count <= Self.maximumIdentifierBytes }
            .prefix(EventPollConfiguration.maximumEvents).map { ($0.key, $0.value) }
    }

    /// The request failed, and nothing is known to have arrived.
    mutating func failed() {
        (hasRevoked, isUnsettled) = (false, true)
    }

    /// What became of an event.
    mutating func note(_ identifier: String, _ result: Result<EventIntake.Outcome, EventIntake.Failure>) {
        switch result {
        case .success(let outcome):
            acknowledged.append(identifier)
            if outcome == .revoked { hasRevoked = true }
        case .failure(.refused(let refusal)):
            problems[identifier] = Problem(err: refusal.code.rawValue, description: refusal.message)
        case .failure(.unsettled(let cause)):
            isUnsettled = true
            lastCause = lastCause ?? cause
        }
    }

    /// All events of an answer are noted.
    mutating func endAnswer() { answersWithUnsettled = lastCause == nil ? 0 : answersWithUnsettled + 1 }

    /// How long to wait before the next request. Only new events hurry it: a transmitter that sends the same ones again
    /// and again must not keep this process busy.
    mutating func pause() -> Duration {
        guard isUnsettled else {
            failures = 0
            if hasRevoked { return .zero }
            return acknowledged.isEmpty && problems.isEmpty && !configuration.waits
                ? configuration.interval : Self.firstPause
        }
        failures += 1
        return min(Self.firstPause * (1 << min(failures - 1, 6)), Self.longestPause)
    }
}
