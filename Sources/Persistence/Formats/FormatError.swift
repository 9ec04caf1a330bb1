/// Why bytes are not what a file of a data directory holds. Nothing of a key or a value is in it.
public struct FormatError: Error, Sendable, Equatable {
    public enum Code: Sendable {
        /// Bytes are wrong or missing.
        case damaged
        /// The bytes are whole, but hold something that we do not keep.
        case unsupported
    }

    public let code: Code
    /// Where in the file, in bytes: the first record that is bad. A repair cuts here.
    public let offset: Int
    /// Completes the sentence "at byte … :".
    public let reason: String

    init(_ code: Code = .damaged, at offset: Int, _ reason: String) {
        self.code = code
        self.offset = offset
        self.reason = reason
    }
}
