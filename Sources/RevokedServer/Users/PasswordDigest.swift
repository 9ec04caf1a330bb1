import Crypto

/// The SHA-256 of a password. Nothing else of a password is kept.
struct PasswordDigest: Sendable, Equatable {
    private let bytes: [UInt8]

    /// One that no known password has.
    static let ofNoPassword = PasswordDigest(bytes: Array(repeating: 0, count: SHA256.byteCount))

    private init(bytes: [UInt8]) { self.bytes = bytes }

    init(of password: [UInt8]) { bytes = Array(SHA256.hash(data: password)) }

    /// - Parameter hexadecimal: 64 digits in lower case.
    init(hexadecimal: [UInt8]) throws(AccessRuleError) {
        guard hexadecimal.count == 2 * SHA256.byteCount else { throw .digestForm }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: hexadecimal.count, by: 2) {
            guard let high = Self.digit(hexadecimal[index]), let low = Self.digit(hexadecimal[index + 1]) else {
                throw .digestForm
            }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// 64 digits in lower case.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// In constant time.
    func matches(_ digest: SHA256.Digest) -> Bool { digest == bytes }
}
