import HTTPTypes
import Hummingbird
import Logging

/// One line for each request, at debug level, so that clients cannot fill the log. It names the route and not the path,
/// which may contain anything.
struct AccessLog: RouterMiddleware {
    typealias Context = NodeContext

    let logger: Logger

    func handle(
        _ request: Request, context: NodeContext, next: (Request, NodeContext) async throws -> Response
    ) async throws -> Response {
        guard logger.logLevel <= .debug else { return try await next(request, context) }
        let start = ContinuousClock.now
        do {
            let response = try await next(request, context)
            log(request, context, response.status, since: start)
            return response
        } catch {
            log(request, context, (error as? any HTTPResponseError)?.status ?? .internalServerError, since: start)
            throw error
        }
    }

    private func log(
        _ request: Request, _ context: NodeContext, _ status: HTTPResponse.Status, since start: ContinuousClock.Instant
    ) {
        let microseconds = Int64((ContinuousClock.now - start) / .microseconds(1))
        logger.debug(
            "request",
            metadata: [
                "request": "\(context.id)", "method": "\(Self.name(context.method ?? request.method))",
                "route": "\(context.endpointPath ?? "none")", "status": "\(status.code)",
                "microseconds": "\(microseconds)", "peer": "\(context.peer)",
            ])
    }

    /// An unknown method may contain anything, too.
    private static func name(_ method: HTTPRequest.Method) -> String {
        let known: [HTTPRequest.Method] = [.get, .head, .post, .put, .delete, .connect, .options, .trace, .patch]
        return known.contains(method) ? method.rawValue : "other"
    }
}
