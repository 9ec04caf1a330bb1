import Contract
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import RevocationHTTP

/// `POST /login` with `{"username", "password"}`: a new session and its access token.
struct LoginRoute: Sendable {
    let passwords: PasswordCheck
    let issuer: TokenIssuer
    let denylist: any RevocationChecking
    let realm: String

    private struct Credentials: Decodable {
        let username: String
        let password: String
    }

    private struct Answer: Encodable {
        let token: String
        let type = "Bearer"
        /// In seconds.
        let lifetime: Int64

        private enum CodingKeys: String, CodingKey {
            case token = "access_token"
            case type = "token_type"
            case lifetime = "expires_in"
        }
    }

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        let credentials = try await credentials(of: request)
        guard let subject = try await subject(of: credentials) else {
            throw Refusal(
                .unauthorized, code: "invalid_grant", message: "unknown user or wrong password",
                headers: [.wwwAuthenticate: "Bearer realm=\"\(realm)\""])
        }
        let token = try await issuer.issue(to: subject)
        // A token that would be refused everywhere is not handed out: the denylist must know of nothing against it.
        switch await denylist.verdict(for: token.claims) {
        case .clear: return try .json(Answer(token: token.text, lifetime: token.lifetime))
        case .revoked: throw Refusal.unavailable("every token that could be issued now is revoked")
        case .unknown(let cause): throw Refusal.unavailable(cause.message)
        }
    }

    private func credentials(of request: Request) async throws(Refusal) -> Credentials {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: NodeContext.maximumBodyBytes)
        } catch is NIOTooManyBytesError {
            throw BodyLimit.refusal
        } catch {
            throw Refusal(.badRequest, code: "invalid_request", message: "the body could not be read")
        }
        guard let credentials = try? JSONDecoder().decode(Credentials.self, from: Data(body.readableBytesView)) else {
            throw Refusal(
                .badRequest, code: "invalid_request",
                message: "the body is not JSON with the strings username and password")
        }
        return credentials
    }

    private func subject(of credentials: Credentials) async throws -> String? {
        do {
            return try await passwords.subject(name: credentials.username, password: credentials.password)
        } catch is PasswordCheck.Overloaded {
            throw Refusal.unavailable("too many log-ins at once")
        }
    }
}
