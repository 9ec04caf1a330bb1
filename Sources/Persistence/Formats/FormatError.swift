/// Why the bytes of a file in a data directory are wrong. Contains no part of a key or a value.
package struct FormatError: Error, Sendable, Equatable {
    package enum Code: Sendable {
        /// Bytes are wrong or missing.
        case damaged
        /// The bytes are whole, but hold data that we do not keep.
        case unsupported
    }

    package let code: Code
    /// The offset in the file, in bytes, of the first bad record. A repair cuts here.
    package let offset: Int
    /// Completes the sentence "at byte … :".
    package let reason: String

    init(_ code: Code = .damaged, at offset: Int, _ reason: String) {
        self.code = code
        self.offset = offset
        self.reason = reason
    }
}
