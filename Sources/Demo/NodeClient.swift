import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Talks to one node over HTTP.
struct NodeClient: Sendable {
    private static let timeout: TimeAmount = .seconds(10)
    /// A stream whose token is not revoked stays open for longer.
    private static let streamTime: TimeAmount = .seconds(60)
    fileprivate static let maximumAnswerBytes = 64 << 10

    let name: String
    let url: String

    /// What a node answered.
    struct Answer: Sendable {
        let status: UInt
        let hasRetryAfter: Bool
        let body: Body
        /// From the call to the whole answer.
        let time: Duration
    }

    /// The members of any answer's body.
    struct Body: Decodable, Sendable {
        var token: String?
        var subject: String?
        var message: String?
        var cause: String?

        private enum CodingKeys: String, CodingKey {
            case token = "access_token"
            case subject = "sub"
            case message = "error_description"
            case cause
        }
    }

    func logIn(name: String, password: String) async throws -> Answer {
        var request = HTTPClientRequest(url: "\(url)/login")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        let credentials = try JSONEncoder().encode(["username": name, "password": password])
        request.body = .bytes(ByteBuffer(data: credentials))
        return try await execute(request)
    }

    func me(_ token: String) async throws -> Answer {
        try await execute(authorized("/me", token))
    }

    func logOut(_ token: String) async throws -> Answer {
        var request = authorized("/logout", token)
        request.method = .POST
        return try await execute(request)
    }

    /// Opens the stream of a token, which ends with it.
    func openStream(_ token: String) async throws -> OpenStream {
        let response = try await HTTPClient.shared.execute(authorized("/events", token), timeout: Self.streamTime)
        return OpenStream(status: response.status.code, body: response.body)
    }

    /// An answer whose body comes as time goes by.
    struct OpenStream: Sendable {
        let status: UInt
        fileprivate let body: HTTPClientResponse.Body

        /// - Returns: everything, once it has ended.
        func rest() async throws -> String {
            String(buffer: try await body.collect(upTo: NodeClient.maximumAnswerBytes))
        }
    }

    func readiness() async throws -> Answer {
        try await execute(HTTPClientRequest(url: "\(url)/readyz"))
    }

    private func authorized(_ path: String, _ token: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url + path)
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        return request
    }

    private func execute(_ request: HTTPClientRequest) async throws -> Answer {
        let start = ContinuousClock.now
        let response = try await HTTPClient.shared.execute(request, timeout: Self.timeout)
        let body = try await response.body.collect(upTo: Self.maximumAnswerBytes)
        let time = ContinuousClock.now - start
        return Answer(
            status: response.status.code, hasRetryAfter: response.headers.contains(name: "Retry-After"),
            body: (try? JSONDecoder().decode(Body.self, from: body)) ?? Body(), time: time)
    }
}
