import Contract
import HTTPTypes
import Hummingbird
import Revocation
import RevocationHTTP

/// `GET /readyz`: 200 while checks can be answered, with warnings of the store; else 503 and why.
struct ReadinessRoute: Sendable {
    let denylist: any RevocationChecking

    private struct Answer: Encodable {
        let ready: Bool
        /// What an operator should know of the store all the same.
        var warnings: [String]?
        var cause: String?
        var reason: String?
    }

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        switch await denylist.readiness() {
        case .ready(let warnings):
            return try .json(Answer(ready: true, warnings: warnings))
        case .notReady(let cause):
            let answer = Answer(ready: false, cause: cause.code.rawValue, reason: cause.message)
            var response = try Response.json(answer, status: .serviceUnavailable)
            response.headers[.retryAfter] = "1"
            return response
        }
    }
}
