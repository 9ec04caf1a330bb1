public import Foundation
public import HTTPTypes
public import Hummingbird

/// An answer that refuses a request: a status, a JSON body as in OAuth (RFC 6749 §5.2), and its headers.
public struct Refusal: HTTPResponseError, Equatable {
    public let status: HTTPResponse.Status
    /// `error` of the body; nil for no body.
    public let code: String?
    /// `error_description` of the body. Contains no token, identifier or secret.
    public let message: String?
    /// The headers besides the body's own.
    public let headers: HTTPFields

    public init(_ status: HTTPResponse.Status, code: String?, message: String?, headers: HTTPFields = [:]) {
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers
    }

    /// 401 with a bare challenge: the request has no credentials (RFC 6750 §3.1).
    public static func unauthenticated(realm: String) -> Refusal {
        Refusal(.unauthorized, code: nil, message: nil, headers: [.wwwAuthenticate: challenge(realm: realm)])
    }

    /// 400: the credentials are not one bearer token.
    public static func malformedCredentials(realm: String) -> Refusal {
        let message = "the Authorization header is not one bearer token"
        return Refusal(
            .badRequest, code: "invalid_request", message: message,
            headers: [.wwwAuthenticate: challenge(realm: realm, code: "invalid_request", message: message)])
    }

    /// 401: the token was refused, or has been revoked.
    /// - Parameter message: ASCII without quotes or backslashes.
    public static func invalidToken(_ message: String, realm: String) -> Refusal {
        Refusal(
            .unauthorized, code: "invalid_token", message: message,
            headers: [.wwwAuthenticate: challenge(realm: realm, code: "invalid_token", message: message)])
    }

    /// 401: the user must log in again with fresh credentials (RFC 9470 §3). Another token of the same log-in would be
    /// refused too.
    /// - Parameter message: ASCII without quotes or backslashes.
    public static func insufficientAuthentication(_ message: String, realm: String) -> Refusal {
        let code = "insufficient_user_authentication"
        return Refusal(
            .unauthorized, code: code, message: message,
            headers: [
                .wwwAuthenticate:
                    "Bearer realm=\"\(realm)\", error=\"\(code)\", max_age=0, error_description=\"\(message)\""
            ])
    }

    /// 503: nothing is known, or nothing could be written. The client may try again in a second.
    public static func unavailable(_ message: String) -> Refusal {
        Refusal(
            .serviceUnavailable, code: "temporarily_unavailable", message: message, headers: [.retryAfter: "1"])
    }

    /// The JSON of the body; empty if there is none.
    public var body: Data {
        code.flatMap { try? JSONEncoder().encode(Body(error: $0, description: message)) } ?? Data()
    }

    /// All headers of the answer, the body's included.
    public var allHeaders: HTTPFields {
        var headers = headers
        headers[.cacheControl] = "no-store"
        if code != nil { headers[.contentType] = "application/json; charset=utf-8" }
        return headers
    }

    public func response(from request: Request, context: some RequestContext) -> Response {
        Response(status: status, headers: allHeaders, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    private struct Body: Encodable {
        let error: String
        let description: String?

        private enum CodingKeys: String, CodingKey {
            case error
            case description = "error_description"
        }
    }

    private static func challenge(realm: String, code: String? = nil, message: String? = nil) -> String {
        var challenge = "Bearer realm=\"\(realm)\""
        if let code { challenge += ", error=\"\(code)\"" }
        if let message { challenge += ", error_description=\"\(message)\"" }
        return challenge
    }
}
