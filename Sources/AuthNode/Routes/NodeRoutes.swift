import HTTPTypes
package import Hummingbird
import RevocationHTTP

/// Collects a node's routes, and so knows each path's methods: a request with another one gets 405, not 404. The last
/// component of a path may be a parameter, `:id`.
struct NodeRoutes {
    /// The method by which requests with a method that their path lacks are routed.
    static let refused = HTTPRequest.Method("REVOKED-REFUSED")!

    typealias Middleware = any MiddlewareProtocol<Request, Response, NodeContext>

    let router: Router<NodeContext>
    private var methods: [String: [HTTPRequest.Method]] = [:]
    private var pagePaths: Set<String> = []

    init(_ router: Router<NodeContext>) {
        self.router = router
    }

    /// - Parameter middlewares: those of this route alone, the outermost first.
    /// - Parameter isForPages: whether pages of ``AllowedOrigins`` may use it.
    mutating func add(
        _ method: HTTPRequest.Method, _ path: String, behind middlewares: [Middleware] = [], isForPages: Bool = false,
        use handle: @escaping @Sendable (Request, NodeContext) async throws -> Response
    ) {
        if isForPages { pagePaths.insert(path) }
        let group = router.group()
        for middleware in middlewares { group.add(middleware: middleware) }
        group.on(RouterPath(path), method: method, use: handle)
        methods[path, default: []].append(method)
    }

    /// The responder for all routes.
    /// - Parameter anyMethod: a path that answers every method like GET, and every path below it, too.
    /// - Parameter sendsCookies: whether requests of pages may carry cookies.
    func responder(anyMethod: String, origins: AllowedOrigins, sendsCookies: Bool) -> NodeResponder {
        for (path, methods) in methods {
            let refusal = MethodRefusal(methods)
            router.on(RouterPath(path), method: Self.refused, use: refusal.handle)
        }
        return NodeResponder(
            router: router.buildResponder(), methods: methods, anyMethod: anyMethod,
            pagePaths: origins.isEmpty ? [] : pagePaths, origins: origins, sendsCookies: sendsCookies)
    }
}

/// Routes requests: HEAD as GET, and a method that a path lacks to its refusal. Says to browsers which pages may read
/// the answers.
package struct NodeResponder: HTTPResponder {
    package typealias Context = NodeContext

    private let router: RouterResponder<NodeContext>
    private let methods: [String: [HTTPRequest.Method]]
    private let anyMethod: String
    /// The paths that pages of other origins may use.
    private let pagePaths: Set<String>
    private let origins: AllowedOrigins
    private let sendsCookies: Bool

    fileprivate init(
        router: RouterResponder<NodeContext>, methods: [String: [HTTPRequest.Method]], anyMethod: String,
        pagePaths: Set<String>, origins: AllowedOrigins, sendsCookies: Bool
    ) {
        self.router = router
        self.methods = methods
        self.anyMethod = anyMethod
        self.pagePaths = pagePaths
        self.origins = origins
        self.sendsCookies = sendsCookies
    }

    package func respond(to request: Request, context: NodeContext) async throws -> Response {
        var context = context
        context.method = request.method
        let path = Self.normal(request.uri.path)
        let pattern = pattern(of: path)
        let routed = routed(request, path, pattern)
        let response: Response
        if let pattern, pagePaths.contains(pattern) {
            response = try await respond(toPage: request, routed, context, methods: methods[pattern] ?? [])
        } else {
            response = try await router.respond(to: routed, context: context)
        }
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// A page of an allowed origin may read a refusal, too.
    private func respond(
        toPage request: Request, _ routed: Request, _ context: NodeContext, methods: [HTTPRequest.Method]
    ) async throws -> Response {
        var response: Response
        do { response = try await router.respond(to: routed, context: context) } catch let error
            as any HTTPResponseError
        {
            response = try error.response(from: request, context: context)
        }
        origins.add(
            to: &response.headers, for: origins.listed(in: request.headers),
            preflightMethods: AllowedOrigins.isPreflight(request.head) ? methods : nil, sendsCookies: sendsCookies)
        return response
    }

    /// The path of the route that answers a path.
    private func pattern(of path: String) -> String? {
        if methods[path] != nil { return path }
        guard let slash = path.lastIndex(of: "/") else { return nil }
        let pattern = path[...slash] + ":id"
        return methods[String(pattern)].map { _ in String(pattern) }
    }

    private func routed(_ request: Request, _ path: String, _ pattern: String?) -> Request {
        var head = request.head
        if path == anyMethod || path.hasPrefix(anyMethod + "/") {
            // The body is the application's, and may be announced without being sent.
            if head.method != .get { head.method = .get }
            if head.path != anyMethod { head.path = anyMethod }
            if head.headerFields.contains(.contentLength) { head.headerFields[.contentLength] = nil }
            return Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        }
        guard let known = pattern.flatMap({ methods[$0] }) else { return request }
        let wanted = request.method == .head ? .get : request.method
        head.method = known.contains(wanted) ? wanted : NodeRoutes.refused
        return Request(head: head, body: request.body)
    }

    /// As the router reads a path: empty components do not count.
    private static func normal(_ path: String) -> String {
        guard !isNormal(path.utf8Span.span) else { return path }
        return path.split(separator: "/").map { "/" + $0 }.joined()
    }

    private static func isNormal(_ path: Span<UInt8>) -> Bool {
        let slash = UInt8(ascii: "/")
        guard path.count > 1, path[0] == slash, path[path.count - 1] != slash else { return false }
        for index in 1..<path.count where path[index] == slash && path[index - 1] == slash { return false }
        return true
    }
}

/// 405 with the methods of the path (RFC 9110 §15.5.6), and 204 to OPTIONS (§9.3.7).
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
