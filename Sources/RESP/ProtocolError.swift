/// Why bytes are not a RESP request. The connection is closed after this reply. The texts are Redis'.
package enum ProtocolError: Error, Sendable, Equatable {
    case invalidMultibulkLength
    case unauthenticatedMultibulkLength
    case expectedDollar(UInt8)
    case invalidBulkLength
    case unauthenticatedBulkLength
    case missingLineEnd
    case tooBigInlineRequest
    case unbalancedQuotes
    /// One command is longer than a connection may buffer.
    case tooBigRequest

    package var message: String {
        switch self {
        case .invalidMultibulkLength: "invalid multibulk length"
        case .unauthenticatedMultibulkLength: "unauthenticated multibulk length"
        case .expectedDollar(let byte): "expected '$', got '\(Self.printable(byte))'"
        case .invalidBulkLength: "invalid bulk length"
        case .unauthenticatedBulkLength: "unauthenticated bulk length"
        case .missingLineEnd: "expected CRLF"
        case .tooBigInlineRequest: "too big inline request"
        case .unbalancedQuotes: "unbalanced quotes in request"
        case .tooBigRequest: "too big request"
        }
    }

    /// ``message`` on the wire: a byte of the request that it contains stays one byte.
    package var messageBytes: [UInt8] { message.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }

    /// A byte that would end the error's line is shown as a space, as Redis does.
    private static func printable(_ byte: UInt8) -> Character {
        byte == 0x0D || byte == 0x0A ? " " : Character(Unicode.Scalar(byte))
    }
}
