import AdminHTTP
import HTTPTypes
import Hummingbird
import RevocationHTTP

/// `GET /readyz`: 200 while checks can be answered, with warnings about the store and the keys; otherwise 503 and why.
struct ReadinessRoute: Sendable {
    let health: NodeHealth

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let report = await health.report()
        var response = try Response.json(report, status: report.ready ? .ok : .serviceUnavailable)
        if !report.ready { response.headers[.retryAfter] = "1" }
        return response
    }
}
