import AsyncHTTPClient
import Files
import Foundation
import JSON
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// The place of an issuer's keys (RFC 7517 §5): a URL, a file, or what the issuer's metadata say.
public struct KeySetLocation: Sendable {
    /// The most bytes of a key set, or of metadata.
    private static let maximumBytes = 256 << 10
    /// The most bytes of an `ETag`.
    private static let maximumTagBytes = 256
    /// Follows no redirect: it could lead to a place where others can change the keys. Connecting and each pause within
    /// the answer have limits here, and the whole is limited by ``KeySetCache/fetchDeadline``.
    private static let client = HTTPClient(
        configuration: .init(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5), read: .seconds(5))))

    private enum Place: Sendable {
        case file(String)
        case url(String)
        /// Metadata at the first of these that exists.
        case metadata([String], issuer: String)
    }

    private let place: Place

    /// Whether the issuer is asked.
    var isOfIssuer: Bool { if case .file = place { false } else { true } }

    /// - Parameter text: `https://…`, `http://` on this machine only, or a path.
    /// - Throws: ``VerificationKeysError`` for any other URL: an attacker who can change the keys in transit can sign
    ///   tokens.
    public init(_ text: String) throws(VerificationKeysError) {
        guard text.contains("://") else {
            place = .file(text)
            return
        }
        guard SafeURL(text) != nil else {
            throw VerificationKeysError(message: "a key set has an https:// URL, or is a file")
        }
        place = .url(text)
    }

    /// Where the issuer's metadata say (OpenID Connect Discovery 1.0 §4, RFC 8414 §3). They must name the issuer.
    /// - Parameters:
    ///   - issuer: `iss` of its tokens, exactly.
    ///   - metadata: the URL of its metadata; nil for the two places that the standards say.
    /// - Throws: ``VerificationKeysError`` for a URL that is neither `https://` nor on this machine.
    public init(discovering issuer: String, metadata: String? = nil) throws(VerificationKeysError) {
        let urls = metadata.map { [$0] } ?? Self.metadataURLs(of: issuer)
        guard !urls.isEmpty, urls.allSatisfy({ SafeURL($0) != nil }) else {
            throw VerificationKeysError(
                message: "the keys of an issuer that is no https:// URL cannot be discovered: name its key set (jwks)")
        }
        place = .metadata(urls, issuer: issuer)
    }

    private static func metadataURLs(of issuer: String) -> [String] {
        guard let url = URLComponents(string: issuer), url.query == nil, url.fragment == nil else { return [] }
        let issuer = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
        let path = url.percentEncodedPath == "/" ? "" : url.percentEncodedPath
        var origin = url
        origin.percentEncodedPath = ""
        guard let origin = origin.string else { return [] }
        // RFC 8414 §3.1: between the host and the path.
        return [
            issuer + "/.well-known/openid-configuration", origin + "/.well-known/oauth-authorization-server" + path,
        ]
    }

    /// The document, at most 256 KiB. Ends when the task is cancelled.
    /// - Parameter validator: that of the document read before.
    /// - Throws: ``VerificationKeysError``.
    func read(unless validator: KeySetAnswer.Validator? = nil) async throws(VerificationKeysError) -> KeySetAnswer {
        switch place {
        // A file costs nothing to read, and may be replaced at any time.
        case .file(let path): return KeySetAnswer(document: try Self.contents(ofFile: path), freshness: .zero)
        case .url(let url): return try await Self.get(url, "key set", unless: validator)
        case .metadata(let urls, let issuer):
            return try await Self.get(try await Self.keySetURL(urls, issuer), "key set", unless: validator)
        }
    }

    private struct Metadata: Decodable {
        let issuer: String
        let keySet: String

        private enum CodingKeys: String, CodingKey {
            case issuer
            case keySet = "jwks_uri"
        }
    }

    private static func keySetURL(_ urls: [String], _ issuer: String) async throws(VerificationKeysError) -> String {
        let url = urls[0]
        let answer: KeySetAnswer
        do throws(VerificationKeysError) { answer = try await get(url, "metadata", unless: nil) } catch {
            guard urls.count > 1, error.isAbsence else { throw error }
            return try await keySetURL(Array(urls.dropFirst()), issuer)
        }
        guard let metadata: Metadata = try? StrictJSON.decode(from: answer.document ?? Data()) else {
            throw VerificationKeysError(message: "the issuer's metadata have no issuer and jwks_uri")
        }
        // RFC 8414 §3.3: else one issuer could speak for another.
        guard Array(metadata.issuer.utf8) == Array(issuer.utf8) else {
            throw VerificationKeysError(message: "the issuer's metadata name another issuer")
        }
        // Metadata from elsewhere lead to no server on this machine.
        guard let place = SafeURL(metadata.keySet), !place.isLocal || SafeURL(url)?.isLocal == true else {
            throw VerificationKeysError(message: "the issuer's metadata have a jwks_uri that is no https:// URL")
        }
        return metadata.keySet
    }

    private static func get(
        _ url: String, _ what: String, unless validator: KeySetAnswer.Validator?
    ) async throws(VerificationKeysError) -> KeySetAnswer {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "accept", value: "application/json, */*;q=0.1")
        let validator = validator?.url == url ? validator : nil
        if let validator { request.headers.add(name: "if-none-match", value: validator.tag) }
        do {
            let response = try await client.execute(request, timeout: TimeAmount(KeySetCache.fetchDeadline))
            let freshness = KeySetAnswer.freshness(
                cacheControl: response.headers["cache-control"], age: response.headers["age"].first)
            if validator != nil, response.status == .notModified {
                return KeySetAnswer(document: nil, validator: validator, freshness: freshness)
            }
            guard response.status == .ok else {
                throw VerificationKeysError(
                    message: "the \(what)'s server answered \(response.status.code)",
                    isAbsence: response.status == .notFound)
            }
            let tags = response.headers["etag"]
            let tag = tags.count == 1 && tags[0].utf8.count <= maximumTagBytes ? tags[0] : nil
            return KeySetAnswer(
                document: Data(buffer: try await response.body.collect(upTo: maximumBytes)),
                validator: tag.map { .init(url: url, tag: $0) }, freshness: freshness)
        } catch let error as VerificationKeysError {
            throw error
        } catch let error as HTTPClientError {
            throw VerificationKeysError(message: "the \(what) cannot be read: \(error)")
        } catch {
            throw VerificationKeysError(message: "the \(what) cannot be read: \(type(of: error))")
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
