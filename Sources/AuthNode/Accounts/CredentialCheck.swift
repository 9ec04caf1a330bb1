import HTTPTypes
import Hummingbird
import RevocationHTTP

/// Fresh credentials: a name and a password, checked at one cost and within one limit wherever they are presented.
struct CredentialCheck: Sendable {
    let passwords: PasswordCheck
    let limit: LoginLimit
    let trustsForwardedFor: Bool
    let realm: String

    /// - Returns: whose they are.
    /// - Throws: 401 for a wrong name or password, 429 for too many of them, 503 for too many at once.
    func subject(name: String, password: String, _ request: Request, _ context: NodeContext) async throws -> String {
        let address = address(of: request, context)
        try limit.begin(account: name, address: address)
        guard let subject = try await subject(name, password) else {
            throw Refusal(
                .unauthorized, code: "invalid_grant", message: "unknown user or wrong password",
                headers: [.wwwAuthenticate: "Bearer realm=\"\(realm)\""])
        }
        limit.forgive(account: name, address: address)
        return subject
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
