import Hummingbird
import Metrics
import Synchronization

/// What a node counts beside what the client library does (swift-metrics).
///
/// | label | dimensions | what |
/// |---|---|---|
/// | `revoked_node_requests_total` | `route`, `status` | requests answered |
/// | `revoked_node_request_duration` | `route` | from the request's head to the answer |
/// | `revoked_node_events_total` | `way`, `outcome` | messages of identity providers |
///
/// A route is a template such as `/me`, or `none`: paths may hold anything.
package enum NodeMetrics {
    /// What all metrics of a node mean, by label.
    package static let help = [
        requests: "Requests answered, by route and status.",
        EventMetrics.events: "Messages of identity providers, by the way they came and what became of them.",
        duration: "From the head of a request to its answer, by route.",
        "revoked_client_checks_total": "Verdicts on tokens; the causes of those that are unknown.",
        "revoked_client_check_duration": "From the question to the verdict.",
        "revoked_client_admissions_total": "What failure policies made of verdicts.",
        "revoked_client_writes_total": "Calls that revoke or restore: acknowledged, or why not.",
        "revoked_client_revocations_total": "Revocations acknowledged, by scope and reason.",
        "revoked_client_rotations_total": "Refresh tokens presented, and what became of them.",
    ]

    static let requests = "revoked_node_requests_total"
    static let duration = "revoked_node_request_duration"
}

/// Counts requests and their times. Outermost of all, so that it sees what the others answer.
struct RequestMetrics: RouterMiddleware {
    typealias Context = NodeContext

    private struct Key: Hashable {
        let route: String
        let status: Int
    }

    /// What was made before: looking it up in the backend costs more.
    private final class Known: Sendable {
        let counters = Mutex<[Key: Counter]>([:])
        let timers = Mutex<[String: Timer]>([:])
    }

    private let known = Known()

    func handle(
        _ request: Request, context: NodeContext, next: (Request, NodeContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        do {
            let response = try await next(request, context)
            count(context, response.status.code, since: start)
            return response
        } catch {
            count(context, (error as? any HTTPResponseError)?.status.code ?? 500, since: start)
            throw error
        }
    }

    private func count(_ context: NodeContext, _ status: Int, since start: ContinuousClock.Instant) {
        let route = context.endpointPath ?? "none"
        let counter = known.counters.withLock { counters in
            let key = Key(route: route, status: status)
            if let counter = counters[key] { return counter }
            let counter = Counter(
                label: NodeMetrics.requests, dimensions: [("route", route), ("status", "\(status)")])
            counters[key] = counter
            return counter
        }
        let timer = known.timers.withLock { timers in
            if let timer = timers[route] { return timer }
            let timer = Timer(label: NodeMetrics.duration, dimensions: [("route", route)])
            timers[route] = timer
            return timer
        }
        counter.increment()
        timer.record(duration: ContinuousClock.now - start)
    }
}
