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
