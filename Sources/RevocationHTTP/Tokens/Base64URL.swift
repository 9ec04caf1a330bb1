package import Foundation

/// Base64 with the alphabet of URLs and without padding (RFC 7515 §2).
package enum Base64URL {
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let text = Data(bytes).base64EncodedString()
        return String(decoding: text.utf8.compactMap(urlCharacter), as: UTF8.self)
    }

    /// - Returns: nil if `text` has any other character, padding and white space included.
    package static func decode(_ text: some Collection<UInt8>) -> Data? {
        var plain: [UInt8] = []
        plain.reserveCapacity(text.count + 3)
        for character in text {
            guard let character = plainCharacter(character) else { return nil }
            plain.append(character)
        }
        plain.append(contentsOf: repeatElement(UInt8(ascii: "="), count: -text.count & 3))
        return Data(base64Encoded: Data(plain))
    }

    private static func urlCharacter(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "+"): UInt8(ascii: "-")
        case UInt8(ascii: "/"): UInt8(ascii: "_")
        case UInt8(ascii: "="): nil
        default: character
        }
    }

    private static func plainCharacter(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "-"): UInt8(ascii: "+")
        case UInt8(ascii: "_"): UInt8(ascii: "/")
        case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): nil
        default: character
        }
    }
}
