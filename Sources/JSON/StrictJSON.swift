package import Foundation

/// Decodes JSON from outside: tokens, key sets, bodies, files. Everything that accepts such JSON uses it, because other
/// parsers may read a text that ``JSONScanner`` refuses differently.
package enum StrictJSON {
    /// Why a text is refused. Contains no part of the text, which may be a token's.
    package struct Malformed: Error, Equatable {
        package enum Reason: Sendable {
            case notUTF8
            case syntax
            /// An object has a name twice.
            case repeatedName
        }

        package let reason: Reason
        /// The number of bytes read before.
        package let offset: Int
    }

    /// - Parameter maximumMembers: of one object.
    /// - Throws: ``Malformed``, or the decoder's error if the text is not a `Value`.
    package static func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, from bytes: some Sequence<UInt8>,
        maximumMembers: Int = JSONScanner.maximumMembers
    ) throws -> Value {
        try JSONDecoder().decode(type, from: try scanned(bytes, maximumMembers))
    }

    /// Decodes a type whose members depend on `configuration`.
    /// - Throws: ``Malformed``, or the decoder's error if the text is not a `Value`.
    package static func decode<Value: DecodableWithConfiguration>(
        _ type: Value.Type = Value.self, from bytes: some Sequence<UInt8>, configuration: Value.DecodingConfiguration
    ) throws -> Value {
        let text = try scanned(bytes, JSONScanner.maximumMembers)
        return try JSONDecoder().decode(type, from: text, configuration: configuration)
    }

    private static func scanned(_ bytes: some Sequence<UInt8>, _ maximumMembers: Int) throws(Malformed) -> Data {
        let bytes = Array(bytes)
        if let malformed = JSONScanner.malformed(bytes, maximumMembers: maximumMembers) { throw malformed }
        return Data(bytes)
    }
}
