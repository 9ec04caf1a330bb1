import Foundation
import Hummingbird
import JSON
import NIOCore
import RevocationHTTP

/// The parameters of a request's body: one JSON object of strings and flags, or a form (RFC 6749 appendix B).
struct BodyFields: Sendable {
    private static let malformed = Refusal(
        .badRequest, code: "invalid_request", message: "the body is neither a JSON object of strings nor a form")

    private let fields: [String: String]

    /// - Throws: 400, or 413 for a body that is too large.
    init(of request: Request) async throws(Refusal) {
        let text = try await Self.text(of: request)
        let fields = text.first { !$0.isWhitespace } == "{" ? Self.json(text) : Self.form(text)
        guard let fields else { throw Self.malformed }
        self.fields = fields
    }

    /// The whole body.
    /// - Throws: 400, or 413 for a body that is too large.
    static func text(of request: Request) async throws(Refusal) -> String {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: NodeContext.maximumBodyBytes)
        } catch is NIOTooManyBytesError {
            throw BodyLimit.refusal
        } catch {
            throw Refusal(.badRequest, code: "invalid_request", message: "the body could not be read")
        }
        guard let text = String(validating: body.readableBytesView, as: UTF8.self) else { throw malformed }
        return text
    }

    subscript(name: String) -> String? { fields[name] }

    /// - Throws: 400 if it is missing or empty.
    func required(_ name: String) throws(Refusal) -> String {
        guard let value = fields[name], !value.isEmpty else {
            throw Refusal(.badRequest, code: "invalid_request", message: "the body lacks \(name)")
        }
        return value
    }

    /// JSON's `true` is the same as the word in a form.
    func flag(_ name: String) -> Bool { fields[name] == "true" }

    /// One name or value of a form.
    /// - Returns: nil if it is not percent-encoded UTF-8.
    static func decode(_ text: Substring) -> String? {
        text.replacing("+", with: " ").removingPercentEncoding
    }

    /// No route uses a member of another type. What is in it is not decoded: a stranger sends it.
    private enum Member: Decodable {
        case text(String)
        case other

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let flag = try? container.decode(Bool.self) {
                self = .text(String(flag))
            } else {
                self = .other
            }
        }
    }

    private static func json(_ text: String) -> [String: String]? {
        guard let members = try? StrictJSON.decode([String: Member].self, from: text.utf8) else { return nil }
        return members.compactMapValues { if case .text(let text) = $0 { text } else { nil } }
    }

    /// A repeated parameter makes the body malformed (RFC 6749 §3.1).
    private static func form(_ text: String) -> [String: String]? {
        var fields: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let equals = pair.firstIndex(of: "=") ?? pair.endIndex
            guard let name = decode(pair[..<equals]), let value = decode(pair[equals...].dropFirst()),
                fields.updateValue(value, forKey: name) == nil
            else { return nil }
        }
        return fields
    }
}
