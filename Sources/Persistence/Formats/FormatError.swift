/// Why bytes are not what a file of a data directory holds. Nothing of a key or a value is in it.
package struct FormatError: Error, Sendable, Equatable {
    package enum Code: Sendable {
        /// Bytes are wrong or missing.
        case damaged
        /// The bytes are whole, but hold something that we do not keep.
        case unsupported
    }

    package let code: Code
    /// Where in the file, in bytes: the first record that is bad. A repair cuts here.
    package let offset: Int
    /// Completes the sentence "at byte … :".
    package let reason: String

    init(_ code: Code = .damaged, at offset: Int, _ reason: String) {
        self.code = code
        self.offset = offset
        self.reason = reason
    }
}
