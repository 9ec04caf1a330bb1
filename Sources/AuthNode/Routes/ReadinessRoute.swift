import AdminHTTP
import HTTPTypes
import Hummingbird
import RevocationHTTP

/// `GET /readyz`: 200 while checks can be answered, with warnings of the store; else 503 and why.
struct ReadinessRoute: Sendable {
    let denylist: any RevocationChecking

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let report = await ReadinessReport(of: denylist)
        var response = try Response.json(report, status: report.ready ? .ok : .serviceUnavailable)
        if !report.ready { response.headers[.retryAfter] = "1" }
        return response
    }
}
