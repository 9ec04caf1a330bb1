import Foundation

/// The file that holds a node's accounts.
package struct AccountFile: Sendable {
    private let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// Adds an account, or gives it another password; makes the file if it is not there. Whoever does the same at the
    /// same time waits.
    /// - Parameter replacing: whether an account of that name may be there already.
    /// - Throws: ``NodeError``.
    package func add(_ name: String, password: String, replacing: Bool = false) throws(NodeError) {
        let path = try PrivateFile.target(of: path)
        let lock = try PrivateFile.lock(directoryOf: path)
        defer { close(lock) }
        var accounts = Accounts()
        if FileManager.default.fileExists(atPath: path) { accounts = try Accounts(contentsOf: path) }
        try accounts.add(name, password: password, replacing: replacing)
        try accounts.write(to: path)
    }

    /// Writes a file of accounts that share a password, hashed as cheaply as scrypt can: for a load that is not to
    /// measure scrypt. Anyone who reads such a file has its password soon.
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
