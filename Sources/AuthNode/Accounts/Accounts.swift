import Contract
import Foundation
import RevocationHTTP

/// Who may log in: a name, which becomes `sub`, and a hashed password.
struct Account: Codable, Sendable {
    let name: String
    let password: PasswordHash
}

/// The accounts of a file: one JSON object a line.
package struct Accounts: Sendable {
    /// The most bytes of a name: a `sub` of this length is still a key of its own in the denylist.
    static let maximumNameBytes = 128

    /// By name. Of names that Unicode calls equivalent there is one. It is found by its own bytes only: `sub` is
    /// compared byte for byte.
    private var accounts: [String: Account]

    package init() {
        accounts = [:]
    }

    /// - Throws: ``NodeError/Code/unreadableFile``, ``NodeError/Code/invalidAccountFile``.
    package init(contentsOf path: String) throws(NodeError) {
        self.init()
        let lines = try PrivateFile.read(path).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.isEmpty {
            guard let account = try? StrictJSON.decode(Account.self, from: line), account.password.isSane,
                Self.isValid(account.name)
            else {
                throw NodeError(.invalidAccountFile, "\(path):\(index + 1) is not an account")
            }
            guard accounts.updateValue(account, forKey: account.name) == nil else {
                throw NodeError(.invalidAccountFile, "\(path):\(index + 1) names an account for the second time")
            }
        }
    }

    subscript(name: String) -> Account? {
        accounts[name].flatMap { $0.name.isExactly(name) ? $0 : nil }
    }

    package var isEmpty: Bool { accounts.isEmpty }

    /// What guesses cost, each cost once: cheap ones first.
    var costs: [PasswordCost] { Set(accounts.values.map(\.password.cost)).sorted { $0.work < $1.work } }

    /// Adds an account, or gives it another password.
    /// - Parameter replacing: whether an account of that name may be there already.
    /// - Throws: ``NodeError/Code/invalidAccount``, ``NodeError/Code/accountExists``.
    package mutating func add(
        _ name: String, password: String, replacing: Bool = false, cost: PasswordCost = .standard
    ) throws(NodeError) {
        guard Self.isValid(name) else {
            throw NodeError(.invalidAccount, "a name has 1 to \(Self.maximumNameBytes) bytes and no control characters")
        }
        if let other = accounts[name] {
            guard other.name.isExactly(name) else {
                throw NodeError(
                    .accountExists, "there is an account whose name looks the same and is composed of other characters")
            }
            guard replacing else {
                throw NodeError(.accountExists, "there is such an account already; --replace gives it another password")
            }
        }
        accounts[name] = Account(name: name, password: try PasswordHash(of: password, cost: cost))
    }

    /// Writes all accounts, whole or not at all, for the owner's eyes only.
    /// - Throws: ``NodeError/Code/unwritableFile``.
    func write(to path: String) throws(NodeError) {
        var text = Data()
        for account in accounts.values.sorted(by: { $0.name < $1.name }) {
            guard let line = try? JSONEncoder().encode(account) else {
                throw NodeError(.unwritableFile, "an account cannot be encoded")
            }
            text += line + Data("\n".utf8)
        }
        try PrivateFile.write(text, to: path, replacing: true)
    }

    private static func isValid(_ name: String) -> Bool {
        (1...maximumNameBytes).contains(name.utf8.count)
            && name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
}
