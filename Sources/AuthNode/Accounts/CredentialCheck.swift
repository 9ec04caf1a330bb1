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
    /// - Throws: 401 for a wrong name or password, 429 for too many of them, 503 if nobody looked at the password, which
    ///   then does not count as wrong.
    func subject(name: String, password: String, _ request: Request, _ context: NodeContext) async throws -> String {
        let attempt = try limit.begin(account: name, network: ClientNetwork(address(of: request, context)))
        let subject: String?
        do { subject = try await passwords.subject(name: name, password: password) } catch {
            limit.forgive(attempt)
            guard error is PasswordCheck.Overloaded else { throw error }
            throw Refusal.unavailable("too many log-ins at once")
        }
        guard let subject else {
            throw Refusal(
                .unauthorized, code: "invalid_grant", message: "unknown user or wrong password",
                headers: [.wwwAuthenticate: "Bearer realm=\"\(realm)\""])
        }
        limit.forgive(attempt)
        return subject
    }

    /// The last entry of `X-Forwarded-For` is what the proxy next to us has seen; those before it anyone can write.
    private func address(of request: Request, _ context: NodeContext) -> String {
        guard trustsForwardedFor, let name = HTTPField.Name("X-Forwarded-For"),
            let last = request.headers[values: name].last?.split(separator: ",").last
        else { return context.peer }
        return String(last.filter { $0 != " " && $0 != "\t" }.prefix(64))
    }
}
