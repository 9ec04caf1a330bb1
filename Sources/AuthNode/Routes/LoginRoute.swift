import Hummingbird
import RevocationHTTP

/// `POST /login` with `{"username", "password"}`: a new session and its pair of tokens.
struct LoginRoute: Sendable {
    let credentials: CredentialCheck
    let minting: PairMinting

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let fields = try await BodyFields(of: request)
        guard let name = fields["username"], let password = fields["password"] else {
            throw Refusal(
                .badRequest, code: "invalid_request",
                message: "the body is not JSON with the strings username and password")
        }
        let subject = try await credentials.subject(name: name, password: password, request, context)
        return try await minting.newPair(
            .init(subject: subject, identifier: TokenIssuer.identifier()), request, context)
    }
}
