import HTTPTypes
import Hummingbird
import Logging
import RevocationHTTP
import Synchronization

/// Fresh credentials: a name and a password, checked at one cost and within one limit wherever they are presented.
struct CredentialCheck: Sendable {
    let passwords: PasswordCheck
    let limit: LoginLimit
    let trustsForwardedFor: Bool
    let realm: String
    private let notice = ProxyNotice()

    init(passwords: PasswordCheck, limit: LoginLimit, trustsForwardedFor: Bool, realm: String) {
        self.passwords = passwords
        self.limit = limit
        self.trustsForwardedFor = trustsForwardedFor
        self.realm = realm
    }

    private static let forwardedFor = HTTPField.Name("X-Forwarded-For")!

    /// - Returns: whose they are.
    /// - Throws: 401 for a wrong name or password, 429 for too many of them, 503 if nobody looked at the password,
    ///   which then does not count as wrong.
    func subject(name: String, password: String, _ request: Request, _ context: NodeContext) async throws -> String {
        let attempt = try limit.begin(account: name, network: ClientNetwork(address(of: request, context)))
        let subject: String?
        do { subject = try await passwords.subject(name: name, password: password) } catch {
            limit.end(attempt, wasGuess: false)
            guard error is PasswordCheck.Overloaded else { throw error }
            throw Refusal.unavailable("too many log-ins at once")
        }
        limit.end(attempt, wasGuess: subject == nil)
        guard let subject else {
            throw Refusal(
                .unauthorized, code: "invalid_grant", message: "unknown user or wrong password",
                headers: [.wwwAuthenticate: "Bearer realm=\"\(realm)\""])
        }
        return subject
    }

    /// The last entry of `X-Forwarded-For` is what the proxy next to us has seen; those before it anyone can write.
    private func address(of request: Request, _ context: NodeContext) -> String {
        guard let last = request.headers[values: Self.forwardedFor].last?.split(separator: ",").last else {
            return context.peer
        }
        guard trustsForwardedFor else {
            notice.give(context.logger)
            return context.peer
        }
        return String(last.filter { $0 != " " && $0 != "\t" }.prefix(64))
    }
}

/// Says once that log-ins come through a proxy that is not trusted: all of them count as one address then.
private final class ProxyNotice: Sendable {
    private let isGiven = Atomic(false)

    func give(_ logger: Logger) {
        guard !isGiven.exchange(true, ordering: .relaxed) else { return }
        logger.warning(
            """
            a log-in came with X-Forwarded-For, which is not trusted: behind a proxy all users share one limit of wrong \
            passwords. Pass --trust-forwarded-for if the proxy sets it
            """)
    }
}
