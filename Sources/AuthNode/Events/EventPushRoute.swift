import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import RevocationHTTP

/// `POST /events` (RFC 8935): a security event token, which is acknowledged by 202 once what it revokes is durable. A
/// token that is sent again is acknowledged again (§2).
struct EventPushRoute: Sendable {
    let intake: EventIntake
    let gate: CallerGate

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        guard request.mediaType == "application/secevent+jwt" else {
            return try Self.answer(
                EventRefusal(.invalidRequest, "the body is not of the type application/secevent+jwt"))
        }
        let token = try await BodyFields.text(of: request).trimmingCharacters(in: .whitespacesAndNewlines)
        let result = try await gate.judge(request, context, .events) { suspect async throws(EventIntake.Failure) in
            try await intake.receive(token, logger: context.logger, &suspect) { (provider) throws(EventRefusal) in
                try Self.authenticate(request, for: provider)
            }
        }
        switch result {
        case .success: return Response(status: .accepted)
        case .failure(.refused(let refusal)): return try Self.answer(refusal)
        case .failure(.unsettled(let cause)): throw Refusal.unavailable("the event is not received: \(cause)")
        }
    }

    /// In constant time, which comparing digests is.
    private static func authenticate(_ request: Request, for provider: IdentityProvider) throws(EventRefusal) {
        guard let expected = provider.authorization else { return }
        let values = request.headers[values: .authorization]
        guard values.count == 1, SHA256.hash(data: Data(values[0].utf8)) == SHA256.hash(data: Data(expected.utf8))
        else { throw EventRefusal(.authenticationFailed, "the Authorization header is not the one agreed on") }
    }

    private struct Answer: Encodable {
        let err: String
        let description: String
    }

    /// RFC 8935 §2.3.
    private static func answer(_ refusal: EventRefusal) throws -> Response {
        let body = try JSONEncoder().encode(Answer(err: refusal.code.rawValue, description: refusal.message))
        return Response(
            status: .badRequest,
            headers: [.contentType: "application/json", .contentLanguage: "en", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}
