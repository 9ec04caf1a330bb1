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
            return try Self.notReady(cause.code.rawValue, cause.message)
        case .clockSkewed(let milliseconds):
            return try Self.notReady(
                "clockSkewed",
                """
                this machine's clock is \(milliseconds.magnitude / 1_000) s \(milliseconds > 0 ? "ahead of" : "behind") \
                the store's; at most \(Limits.maximumSkewMilliseconds / 1_000) s are allowed: set it right
                """)
        }
    }

    private static func notReady(_ cause: String, _ reason: String) throws -> Response {
        var response = try Response.json(
            Answer(ready: false, cause: cause, reason: reason), status: .serviceUnavailable)
        response.headers[.retryAfter] = "1"
        return response
    }
}
