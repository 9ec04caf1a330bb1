/// Why a node cannot start, or one of its files cannot be read or written. The message says what to do.
/// Carries no key, password or name of an account.
public struct NodeError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        case invalidSetting
        case unreadableFile
        case unwritableFile
        case invalidKeyFile
        case invalidAccountFile
        case invalidAccount
        case accountExists
        case invalidClient
        case cannotListen
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
