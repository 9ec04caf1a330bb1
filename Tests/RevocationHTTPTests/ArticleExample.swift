import Hummingbird
import Revocation
import RevocationHTTP

/// What an application does before a route answers.
func addRoutes(to router: Router<some TokenRequestContext>, denylist: RevocationList) throws {
    let keys = KeySetCache(try KeySetLocation("https://login.example/.well-known/jwks.json"))
    let verifier = TokenVerifier(keys: keys, issuer: "https://login.example", audience: "shop")
    let gate = TokenGate(verifier: verifier, denylist: denylist)
    router.group().add(middleware: RevocationMiddleware(gate)).get("orders") { _, context in
        "the orders of \(context.tokenClaims?.subject ?? "nobody")"
    }
    // While the store is away, a token that was clear within the last 30 s may still read.
    router.group().add(middleware: RevocationMiddleware(gate, policy: .lastKnown(for: .seconds(30))))
        .get("catalogue") { _, _ in "the catalogue" }
}

/// A stream of events that ends when its token does: revoked, expired, or not proven for too long.
func addPrices(to router: Router<some TokenRequestContext>, gate: TokenGate, denylist: RevocationList) {
    router.group().add(middleware: RevocationMiddleware(gate)).get("prices") { _, context -> Response in
        guard let claims = context.tokenClaims else { throw HTTPError(.unauthorized) }
        let body = ResponseBody { writer in
            let (prices, output) = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingNewest(16))
            async let end: Void = denylist.withToken(claims) {
                defer { output.finish() }
                while true {
                    output.yield("data: 42\n\n")
                    try await Task.sleep(for: .seconds(1))
                }
            }
            for await price in prices { try await writer.write(ByteBuffer(string: price)) }
            try? await end
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: "text/event-stream"], body: body)
    }
}

/// What a request carries through the routes.
struct ShopContext: TokenRequestContext {
    var coreContext: CoreRequestContextStorage
    var tokenClaims: TokenClaims?

    init(source: Source) { coreContext = .init(source: source) }
}

/// The whole server.
func serve(denylist: RevocationList) async throws {
    let router = Router(context: ShopContext.self)
    try addRoutes(to: router, denylist: denylist)
    try await denylist.prepare()
    try await Application(router: router).runService()
    await denylist.close()
}

/// The same for a server that is not Hummingbird: what it throws has the status, headers and body to answer.
func customer(authorization: String?, gate: TokenGate) async throws(Refusal) -> String? {
    try await gate.admit(authorization: authorization).subject
}
