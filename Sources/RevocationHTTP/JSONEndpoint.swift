import AsyncHTTPClient
package import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// A configured address to which JSON is sent.
package struct JSONEndpoint: Sendable {
    /// The most bytes of an answer.
    private static let maximumBytes = 2 << 20
    /// Follows no redirect: it could lead to an address within the network, or to another server.
    private static let client = HTTPClient(
        configuration: .init(redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5))))

    /// Why there is no answer. Contains nothing of it.
    package struct Failure: Error, Sendable, Equatable {
        package let message: String

        package init(_ message: String) { self.message = message }
    }

    private let url: String
    private let authorization: String?

    /// - Parameters:
    ///   - url: `https://…`, or `http://` on this machine only: the answers may be personal, and so is the credential.
    ///   - authorization: the header to send.
    package init(_ url: String, authorization: String?) throws(Failure) {
        guard SafeURL(url) != nil else {
            throw Failure("an endpoint has an https:// URL")
        }
        self.url = url
        self.authorization = authorization
    }

    /// - Parameter deadline: for the whole, from connecting to the last byte.
    /// - Returns: the body of an answer with status 200, at most 2 MiB.
    package func post(_ json: Data, within deadline: Duration) async throws(Failure) -> Data {
        let pause: @Sendable () async throws -> Void = { try await Task.sleep(for: deadline) }
        let outcome = await Deadline.run(pause: pause) { await exchange(json) }
        return try (outcome ?? .failure(Failure("no complete answer in \(deadline)"))).get()
    }

    private func exchange(_ json: Data) async -> Result<Data, Failure> {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers = [
            "Content-Type": "application/json", "Accept": "application/json", "Content-Language": "en",
        ]
        if let authorization { request.headers.add(name: "Authorization", value: authorization) }
        request.body = .bytes(json)
        do {
            let response = try await Self.client.execute(request, deadline: .distantFuture)
            guard response.status.code == 200 else {
                return .failure(Failure("the answer's status is \(response.status.code)"))
            }
            return .success(Data(buffer: try await response.body.collect(upTo: Self.maximumBytes)))
        } catch let error as HTTPClientError {
            return .failure(Failure("\(error)"))
        } catch {
            return .failure(Failure("no answer: \(type(of: error))"))
        }
    }
}
