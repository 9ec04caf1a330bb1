import Foundation

/// The file that holds a node's accounts.
package struct AccountFile: Sendable {
    /// The fewest characters of a password (NIST SP 800-63B).
    private static let shortestPassword = 8

    private let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// Adds an account, or gives it another password. Makes the file if it does not exist. Waits for another process
    /// that does the same.
    /// - Parameter replacing: whether an account of that name may exist already.
    /// - Throws: ``NodeError``.
    package func add(_ name: String, password: String, replacing: Bool = false) throws(NodeError) {
        guard password.unicodeScalars.count >= Self.shortestPassword else {
            throw NodeError(.invalidAccount, "a password has at least \(Self.shortestPassword) characters")
        }
        try PrivateFile.change(path) { (path) throws(NodeError) in
            var accounts = Accounts()
            if FileManager.default.fileExists(atPath: path) { accounts = try Accounts(contentsOf: path) }
            try accounts.add(name, password: password, replacing: replacing)
            try accounts.write(to: path)
        }
    }

    /// Writes a file of accounts that share a password, hashed as cheaply as scrypt can: for a load that does not
    /// measure scrypt. A reader of such a file soon knows the password.
    /// - Throws: ``NodeError``.
    package func writeForLoad(_ names: [String], password: String) throws(NodeError) {
        var accounts = Accounts()
        for name in names {
            try accounts.add(
                name, password: password, cost: PasswordCost(rounds: 2, blockSize: 1, parallelism: 1))
        }
        try accounts.write(to: try PrivateFile.target(of: path))
    }
}
