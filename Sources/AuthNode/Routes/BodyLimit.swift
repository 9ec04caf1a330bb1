import HTTPTypes
import Hummingbird
import RevocationHTTP

/// Refuses a body whose announced length is too large, even if no route would read it.
struct BodyLimit: RouterMiddleware {
    typealias Context = NodeContext

    static let refusal = Refusal(
        .contentTooLarge, code: "invalid_request",
        message: "the body is larger than \(NodeContext.maximumBodyBytes) bytes")

    func handle(
        _ request: Request, context: NodeContext, next: (Request, NodeContext) async throws -> Response
    ) async throws -> Response {
        if let length = request.headers[.contentLength].flatMap(Int.init), length > NodeContext.maximumBodyBytes {
            throw Self.refusal
        }
        return try await next(request, context)
    }
}
