import HTTPTypes
package import Hummingbird
import RevocationHTTP

/// Collects a node's routes, and so knows which methods each path has: a request by another one gets 405, not 404.
struct NodeRoutes {
    /// What a request by a method that its path does not have is routed as.
    static let refused = HTTPRequest.Method("REVOKED-REFUSED")!

    typealias Middleware = any MiddlewareProtocol<Request, Response, NodeContext>

    let router: Router<NodeContext>
    private var methods: [String: [HTTPRequest.Method]] = [:]

    init(_ router: Router<NodeContext>) {
        self.router = router
    }

    /// - Parameter middlewares: what stands before this route alone, the outermost first.
    mutating func add(
        _ method: HTTPRequest.Method, _ path: String, behind middlewares: [Middleware] = [],
        use handle: @escaping @Sendable (Request, NodeContext) async throws -> Response
    ) {
        let group = router.group()
        for middleware in middlewares { group.add(middleware: middleware) }
        group.on(RouterPath(path), method: method, use: handle)
        methods[path, default: []].append(method)
    }

    /// Answers all of them.
    /// - Parameter anyMethod: a path that answers every method in the way of GET, and every path below it, too.
    func responder(anyMethod: String) -> NodeResponder {
        for (path, methods) in methods {
            let refusal = MethodRefusal(methods)
            router.on(RouterPath(path), method: Self.refused, use: refusal.handle)
        }
        return NodeResponder(router: router.buildResponder(), methods: methods, anyMethod: anyMethod)
    }
}

/// Routes requests: HEAD as GET, whatever the answer; a method that a path does not have to its refusal.
package struct NodeResponder: HTTPResponder {
    package typealias Context = NodeContext

    private let router: RouterResponder<NodeContext>
    private let methods: [String: [HTTPRequest.Method]]
    private let anyMethod: String

    init(router: RouterResponder<NodeContext>, methods: [String: [HTTPRequest.Method]], anyMethod: String) {
        self.router = router
        self.methods = methods
        self.anyMethod = anyMethod
    }

    package func respond(to request: Request, context: NodeContext) async throws -> Response {
        var context = context
        context.method = request.method
        let response = try await router.respond(to: routed(request), context: context)
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func routed(_ request: Request) -> Request {
        let path = Self.normal(request.uri.path)
        var head = request.head
        if path == anyMethod || path.hasPrefix(anyMethod + "/") {
            // The body is the application's, and may be announced without being sent.
            head.method = .get
            head.path = anyMethod
            head.headerFields[.contentLength] = nil
            return Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        }
        guard let known = methods[path] else { return request }
        let wanted = request.method == .head ? .get : request.method
        head.method = known.contains(wanted) ? wanted : NodeRoutes.refused
        return Request(head: head, body: request.body)
    }

    /// As the router reads a path: an empty component is none.
    private static func normal(_ path: String) -> String {
        path.split(separator: "/").map { "/" + $0 }.joined()
    }
}

/// 405 with the methods that there are (RFC 9110 §15.5.6); 204 to whoever asks for them (§9.3.7).
private struct MethodRefusal: Sendable {
    private let allow: String

    init(_ methods: [HTTPRequest.Method]) {
        let names = methods.map(\.rawValue) + (methods.contains(.get) ? ["HEAD"] : []) + ["OPTIONS"]
        allow = names.joined(separator: ", ")
    }

    func handle(_ request: Request, context: NodeContext) throws -> Response {
        guard context.method != .options else { return Response(status: .noContent, headers: [.allow: allow]) }
        throw Refusal(
            .methodNotAllowed, code: "invalid_request", message: "the methods here are \(allow)",
            headers: [.allow: allow])
    }
}
