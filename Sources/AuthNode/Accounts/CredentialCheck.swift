import HTTPTypes
import Hummingbird
import Logging
import RevocationHTTP
import Synchronization

/// Fresh credentials: a name and a password. They are checked at one cost and within one limit, on whatever route.
struct CredentialCheck: Sendable {
    let passwords: PasswordCheck
    let limit: LoginLimit
    let proxies: TrustedProxies
    let realm: String
    private let notice = ProxyNotice()

    init(passwords: PasswordCheck, limit: LoginLimit, proxies: TrustedProxies, realm: String) {
        self.passwords = passwords
        self.limit = limit
        self.proxies = proxies
        self.realm = realm
    }

    /// - Returns: the subject.
    /// - Throws: 401 for a wrong name or password, 429 for too many of them. 503 if the password could not be checked,
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

    private func address(of request: Request, _ context: NodeContext) -> String {
        let original = OriginalRequest(request.head, context: context, proxies: proxies)
        if original.hasUntrustedAddress { notice.give(context.logger) }
        return original.address
    }
}

/// Logs once that log-ins come through a proxy that is not trusted: all of them then count as one address.
private final class ProxyNotice: Sendable {
    private let isGiven = Atomic(false)

    func give(_ logger: Logger) {
        guard !isGiven.exchange(true, ordering: .relaxed) else { return }
        logger.warning(
            """
            a log-in came with X-Forwarded-For, which is not trusted: behind a proxy all users share one limit of wrong \
            passwords. Name the proxy's address with --trusted-proxies if it sets the header
            """)
    }
}
