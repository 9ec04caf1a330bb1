import Foundation

/// Reads a password from standard input. On a terminal it asks twice, without echo.
package enum PasswordPrompt {
    /// - Throws: ``NodeError/Code/invalidAccount`` if there is none, or the second differs from the first.
    package static func read() throws(NodeError) -> String {
        guard isatty(STDIN_FILENO) == 1 else {
            guard let line = readLine(strippingNewline: true) else {
                throw NodeError(.invalidAccount, "standard input holds no password")
            }
            return line
        }
        let password = ask("Password: ")
        guard ask("Again: ") == password else {
            throw NodeError(.invalidAccount, "the passwords differ")
        }
        return password
    }

    private static func ask(_ prompt: String) -> String {
        getpass(prompt).map { String(cString: $0) } ?? ""
    }
}
