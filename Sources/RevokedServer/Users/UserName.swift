import RESP

/// The name of a user: bytes, compared and hashed as they are. A `String` would take some for the same that are not,
/// and the square of its length to compare. Bytes that no user can be called by never become a name.
struct UserName: Hashable, Sendable, CustomStringConvertible {
    static let `default` = UserName("default".utf8)!
    static let admin = UserName("admin".utf8)!

    let bytes: [UInt8]

    /// - Returns: nil if these bytes cannot be a name: none, too many, a space or a control character among them, or
    ///   not UTF-8.
    init?(_ bytes: some Collection<UInt8>) {
        guard (1...UserLimits.nameBytes).contains(bytes.count), !bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F }),
            String(validating: bytes, as: UTF8.self) != nil
        else { return nil }
        self.bytes = Array(bytes)
    }

    init?(_ bytes: RawSpan) {
        guard let name = bytes.withUnsafeBytes({ UserName($0) }) else { return nil }
        self = name
    }

    var description: String { String(decoding: bytes, as: UTF8.self) }
}
