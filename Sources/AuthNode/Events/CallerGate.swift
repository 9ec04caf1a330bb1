import Hummingbird
import Metrics
import RevocationHTTP

/// Judges messages of identity providers: limits what is refused, and counts what becomes of each.
struct CallerGate: Sendable {
    let limit: CallerLimit
    let proxies: TrustedProxies

    /// - Parameter judge: verifies a message and carries it out. It says whether the message is suspect: its provider
    ///   is not known to have sent it here.
    /// - Throws: 429 for a network of which too many messages were suspect; nothing is verified then.
    func judge(
        _ request: Request, _ context: NodeContext, _ way: IdentityProvider.Way,
        _ judge: (inout Bool) async throws(EventIntake.Failure) -> EventIntake.Outcome
    ) async throws(Refusal) -> Result<EventIntake.Outcome, EventIntake.Failure> {
        let network = ClientNetwork(OriginalRequest(request.head, context: context, proxies: proxies).address)
        try limit.admit(network)
        let result: Result<EventIntake.Outcome, EventIntake.Failure>
        var isSuspect = false
        do throws(EventIntake.Failure) { result = .success(try await judge(&isSuspect)) } catch {
            if isSuspect { limit.noteRefusal(of: network) }
            result = .failure(error)
        }
        EventMetrics.count(result, way.rawValue)
        return result
    }
}

/// What became of the messages of identity providers (swift-metrics): `revoked_node_events_total`.
enum EventMetrics {
    static let events = "revoked_node_events_total"

    static func count(_ result: Result<EventIntake.Outcome, EventIntake.Failure>, _ way: String) {
        let outcome =
            switch result {
            case .success(.revoked): "revoked"
            case .success(.repeated): "repeated"
            case .success(.ignored): "ignored"
            case .failure(.refused(let refusal)): refusal.code.rawValue
            case .failure(.unsettled): "unsettled"
            }
        Counter(label: events, dimensions: [("way", way), ("outcome", outcome)]).increment()
    }
}

extension Request {
    /// The media type of the body, in lower case and without parameters; nil if none is said.
    var mediaType: String? {
        headers[.contentType]?.split(separator: ";").first.map { $0.lowercased().filter { $0 != " " && $0 != "\t" } }
    }
}
