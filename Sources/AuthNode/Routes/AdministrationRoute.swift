import Contract
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Revocation
import RevocationHTTP

/// `POST /admin/revoke` with `subject`, `session`, `client` or `key` (a `kid`), and `issuer` if several are trusted:
/// revokes all of its tokens. The administrator's own credential is sent as a bearer token.
struct AdministrationRoute: Sendable {
    private let digest: SymmetricKey
    private let revoking: Revoking
    private let denylist: any NodeDenylist
    private let issuer: String
    private let realm: String

    init(secret: String, denylist: any NodeDenylist, issuer: String, realm: String) {
        digest = Self.digest(of: secret)
        revoking = Revoking(denylist: denylist)
        self.denylist = denylist
        self.issuer = issuer
        self.realm = realm
    }

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        try authenticate(request.headers)
        let target = try target(try await BodyFields(of: request))
        _ = try await revoking.acknowledged(context.logger) { () async throws(RevocationError) in
            try await denylist.revoke(target.request, reason: target.reason, issuer: target.issuer)
        }
        context.logger.notice(
            "an administrator has revoked", metadata: ["scope": "\(target.request.scope.kind.word)"])
        return try .json(["revoked": true])
    }

    private func target(
        _ fields: BodyFields
    ) throws(Refusal) -> (request: RevocationRequest, reason: Reason, issuer: String) {
        let requests = [
            fields["subject"].map { RevocationRequest.subject($0) },
            fields["session"].map { RevocationRequest.session($0) },
            fields["client"].map { RevocationRequest.client($0) },
            fields["key"].map { RevocationRequest.key($0) },
        ].compactMap { $0 }
        guard requests.count == 1, let request = requests.first else {
            throw Self.malformed("name one of subject, session, client and key")
        }
        do throws(ContractError) {
            let reason = try fields["reason"].map { (text) throws(ContractError) in try Reason(text) } ?? .admin
            return (request, reason, fields["issuer"] ?? issuer)
        } catch {
            throw Self.malformed(error.message)
        }
    }

    /// In constant time, which comparing symmetric keys is.
    private func authenticate(_ headers: HTTPFields) throws(Refusal) {
        switch BearerToken(headers) {
        case .present(let secret) where Self.digest(of: secret) == digest: return
        case .present: throw .invalidToken("not the credential of the administrator", realm: realm)
        case .missing: throw .unauthenticated(realm: realm)
        case .malformed: throw .malformedCredentials(realm: realm)
        }
    }

    private static func digest(of secret: String) -> SymmetricKey {
        SymmetricKey(data: SHA256.hash(data: Data(secret.utf8)))
    }

    private static func malformed(_ message: String) -> Refusal {
        Refusal(.badRequest, code: "invalid_request", message: message)
    }
}
