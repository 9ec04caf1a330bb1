import Foundation

/// A signed JWT in its compact form (RFC 7515 §3.1), taken apart and with nothing checked but the header's shape.
struct TokenParts {
    let header: TokenHeader
    let payload: ArraySlice<UInt8>
    let signature: Data
    /// What the signature is of: header and payload as they were sent.
    let signed: ArraySlice<UInt8>

    /// - Throws: ``TokenRejection/Code/oversized``, ``TokenRejection/Code/malformed``.
    init(_ token: String) throws(TokenRejection) {
        guard token.utf8.count <= TokenVerifier.maximumTokenBytes else {
            throw TokenRejection(.oversized, "the token is longer than \(TokenVerifier.maximumTokenBytes) bytes")
        }
        let bytes = Array(token.utf8)
        let segments = bytes.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard segments.count == 3, let signature = Base64URL.decode(segments[2]) else {
            throw TokenRejection(.malformed, "the token is not a signed JWT")
        }
        header = try Self.decode(segments[0], "the token's header cannot be read")
        payload = segments[1]
        self.signature = signature
        signed = bytes[..<segments[1].endIndex]
    }

    static func decode<Value: Decodable>(
        _ segment: ArraySlice<UInt8>, _ complaint: String
    ) throws(TokenRejection) -> Value {
        guard let data = Base64URL.decode(segment), let value: Value = try? StrictJSON.decode(from: data) else {
            throw TokenRejection(.malformed, complaint)
        }
        return value
    }
}
