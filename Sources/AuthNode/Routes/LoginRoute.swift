import Contract
import HTTPTypes
import Hummingbird
import RevocationHTTP

/// `POST /login` with `{"username", "password"}`: a new session and its pair of tokens.
struct LoginRoute: Sendable {
    let passwords: PasswordCheck
    let limit: LoginLimit
    let trustsForwardedFor: Bool
    let minting: PairMinting
    let realm: String

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let fields = try await BodyFields(of: request)
        guard let name = fields["username"], let password = fields["password"] else {
            throw Refusal(
                .badRequest, code: "invalid_request",
                message: "the body is not JSON with the strings username and password")
        }
        let address = address(of: request, context)
        try limit.begin(account: name, address: address)
        guard let subject = try await subject(name, password) else {
            throw Refusal(
                .unauthorized, code: "invalid_grant", message: "unknown user or wrong password",
                headers: [.wwwAuthenticate: "Bearer realm=\"\(realm)\""])
        }
        limit.forgive(account: name, address: address)
        return try await minting.newPair(.init(subject: subject, session: TokenIssuer.identifier()))
    }

    private func subject(_ name: String, _ password: String) async throws -> String? {
        do {
            return try await passwords.subject(name: name, password: password)
        } catch is PasswordCheck.Overloaded {
            throw Refusal.unavailable("too many log-ins at once")
        }
    }

    /// The last entry of `X-Forwarded-For` is what the proxy next to us has seen; those before it anyone can write.
    private func address(of request: Request, _ context: NodeContext) -> String {
        guard trustsForwardedFor, let name = HTTPField.Name("X-Forwarded-For"),
            let last = request.headers[values: name].last?.split(separator: ",").last
        else { return context.peer }
        return String(last.filter { $0 != " " }.prefix(64))
    }
}
