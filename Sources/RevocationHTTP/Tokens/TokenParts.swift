import Foundation
import JSON

/// A signed JWT in its compact form (RFC 7515 §3.1), split into its parts. Only the header's form has been checked.
struct TokenParts {
    let header: TokenHeader
    /// The claims' JSON.
    let payload: Data
    let signature: Data
    /// The signed text: header and payload as sent.
    let signed: ArraySlice<UInt8>

    /// - Throws: ``TokenRejection/Code/oversized``, ``TokenRejection/Code/malformed``.
    init(_ token: String) throws(TokenRejection) {
        guard token.utf8.count <= TokenVerifier.maximumTokenBytes else {
            throw TokenRejection(
                .oversized, "the token is longer than \(TokenVerifier.maximumTokenBytes) bytes", isFinal: true)
        }
        let bytes = Array(token.utf8)
        let segments = bytes.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard segments.count == 3, let signature = Base64URL.decode(segments[2]) else {
            throw TokenRejection(.malformed, "the token is not a signed JWT", isFinal: true)
        }
        guard let json = Base64URL.decode(segments[0]), let header: TokenHeader = try? StrictJSON.decode(from: json)
        else { throw TokenRejection(.malformed, "the token's header cannot be read", isFinal: true) }
        guard let payload = Base64URL.decode(segments[1]) else { throw .unreadableClaims }
        self.header = header
        self.payload = payload
        self.signature = signature
        signed = bytes[..<segments[1].endIndex]
    }

    /// The `iss` of the claims, which are read before the signature is checked: it only chooses the keys.
    func issuer() throws(TokenRejection) -> String? {
        struct Claims: Decodable {
            let iss: String?
        }
        guard let claims: Claims = try? StrictJSON.decode(from: payload) else { throw .unreadableClaims }
        return claims.iss
    }

    func claims(_ profile: TokenProfile) throws(TokenRejection) -> TokenPayload {
        do { return try StrictJSON.decode(TokenPayload.self, from: payload, configuration: profile) } catch {
            throw .unusableClaims
        }
    }
}
