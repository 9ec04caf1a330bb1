import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Where an issuer publishes its keys (RFC 7517 §5): a URL, or a file.
public struct KeySetLocation: Sendable {
    /// The most bytes of a key set.
    private static let maximumBytes = 256 << 10
    /// Follows no redirect: one could lead to where anyone can change the keys. Connecting and each pause between two
    /// pieces of the answer are bounded here, the whole by ``KeySetCache/fetchDeadline``.
    private static let client = HTTPClient(
        configuration: .init(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5), read: .seconds(5))))

    private enum Place: Sendable {
        case file(String)
        case url(String)
    }

    private let place: Place

    /// Whether the issuer itself is asked.
    var isOfIssuer: Bool { if case .url = place { true } else { false } }

    /// - Parameter text: `https://…`, `http://` of this machine only, or a path.
    /// - Throws: ``VerificationKeysError`` for any other URL: whoever can change the keys on their way can sign tokens.
    public init(_ text: String) throws(VerificationKeysError) {
        guard text.contains("://") else {
            place = .file(text)
            return
        }
        let url = URL(string: text)
        let isLocal = ["127.0.0.1", "localhost", "[::1]", "::1"].contains(url?.host() ?? "")
        guard url?.scheme == "https" || (url?.scheme == "http" && isLocal) else {
            throw VerificationKeysError(message: "a key set has an https:// URL, or is a file")
        }
        place = .url(text)
    }

    /// The document, at most 256 KiB. Ends when the task is cancelled.
    /// - Throws: ``VerificationKeysError``.
    func read() async throws(VerificationKeysError) -> Data {
        do {
            switch place {
            case .file(let path):
                return try Self.contents(ofFile: path)
            case .url(let url):
                let response = try await Self.client.execute(
                    HTTPClientRequest(url: url), timeout: TimeAmount(KeySetCache.fetchDeadline))
                guard response.status.code == 200 else {
                    throw VerificationKeysError(message: "the key set's server answered \(response.status.code)")
                }
                return Data(buffer: try await response.body.collect(upTo: Self.maximumBytes))
            }
        } catch let error as VerificationKeysError {
            throw error
        } catch let error as HTTPClientError {
            throw VerificationKeysError(message: "the key set cannot be read: \(error)")
        } catch {
            throw VerificationKeysError(message: "the key set cannot be read: \(type(of: error))")
        }
    }

    private static func contents(ofFile path: String) throws(VerificationKeysError) -> Data {
        do throws(RegularFileError) {
            return try RegularFile.read(path, maximumBytes: maximumBytes)
        } catch {
            throw VerificationKeysError(message: "the key set's file cannot be read: \(error.message)")
        }
    }
}
