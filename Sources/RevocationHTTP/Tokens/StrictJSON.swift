import Foundation

/// Decodes JSON that comes from outside: tokens, key sets, bodies, files. The only way to do so here, since what
/// ``JSONScanner`` refuses other parsers may read differently.
package enum StrictJSON {
    /// Says nothing of the text: it may be a token's.
    package struct Malformed: Error {}

    /// - Throws: ``Malformed``, or what the decoder throws if the text is not a `Value`.
    package static func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, from bytes: some Sequence<UInt8>
    ) throws -> Value {
        let bytes = Array(bytes)
        guard JSONScanner.accepts(bytes) else { throw Malformed() }
        return try JSONDecoder().decode(type, from: Data(bytes))
    }

    /// Whether bytes are one JSON text that every parser reads alike.
    package static func accepts(_ bytes: some Sequence<UInt8>) -> Bool { JSONScanner.accepts(Array(bytes)) }
}
