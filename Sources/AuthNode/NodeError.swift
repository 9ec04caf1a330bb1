/// Why a node cannot start, or a file of it cannot be read or written. The message says what to do, and contains no
/// key, password or account name.
package struct NodeError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
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

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
