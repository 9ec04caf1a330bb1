import Contract
import HTTPTypes
import Hummingbird
import Revocation
import RevocationHTTP

/// `GET /readyz`: 200 while checks can be answered, else 503 and why.
struct ReadinessRoute: Sendable {
    let denylist: any RevocationChecking

    private struct Answer: Encodable {
        let ready: Bool
        let cause: String?
        let reason: String?
    }

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        switch await denylist.readiness() {
        case .ready:
            return try .json(Answer(ready: true, cause: nil, reason: nil))
        case .notReady(let cause):
            let answer = Answer(ready: false, cause: cause.code.rawValue, reason: cause.message)
            var response = try Response.json(answer, status: .serviceUnavailable)
            response.headers[.retryAfter] = "1"
            return response
        }
    }
}
