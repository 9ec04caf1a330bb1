import Contract
import Files
import Foundation
import JSON
import RevocationHTTP

/// A user who may log in: a name, which becomes `sub`, and a hashed password.
struct Account: Codable, Sendable {
    let name: String
    let password: PasswordHash
}

/// The accounts of a file: one JSON object a line.
package struct Accounts: Sendable {
    /// The most bytes of a name: the denylist's key of such a `sub` still contains it unhashed.
    static let maximumNameBytes = 128

    /// By name. Names that Unicode calls equivalent are one key, but an account is found by its exact bytes only,
    /// because `sub` is compared byte for byte.
    private var accounts: [String: Account]

    package init() {
        accounts = [:]
    }

    /// - Throws: ``NodeError/Code/unreadableFile``, ``NodeError/Code/invalidAccountFile``.
    package init(contentsOf path: String) throws(NodeError) {
        self.init()
        let text: Data
        do throws(RegularFileError) { text = try PrivateFile.contents(of: path) } catch {
            let cure = error.isMissing ? " (revoked node add-user --users \(path) NAME makes it)" : ""
            throw NodeError(.unreadableFile, "cannot read the accounts in \(path): \(error.message)\(cure)")
        }
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.isEmpty {
            guard let account = try? StrictJSON.decode(Account.self, from: line), account.password.isSane,
                Self.isValid(account.name)
            else {
                throw NodeError(.invalidAccountFile, "\(path):\(index + 1) is not an account")
            }
            guard accounts.updateValue(account, forKey: account.name) == nil else {
                throw NodeError(.invalidAccountFile, "\(path):\(index + 1) names an account a second time")
            }
        }
    }

    subscript(name: String) -> Account? {
        accounts[name].flatMap { $0.name.isExactly(name) ? $0 : nil }
    }

    package var isEmpty: Bool { accounts.isEmpty }

    /// The costs of a guess, each once, the cheapest first.
    var costs: [PasswordCost] { Set(accounts.values.map(\.password.cost)).sorted { $0.work < $1.work } }

    /// Adds an account, or gives it another password.
    /// - Parameter replacing: whether an account of that name may exist already.
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
                    .accountExists, "an account's name looks the same, but consists of other characters")
            }
            guard replacing else {
                throw NodeError(.accountExists, "the account exists already; --replace gives it another password")
            }
        }
        accounts[name] = Account(name: name, password: try PasswordHash(of: password, cost: cost))
    }

    /// Writes all accounts, as a whole or not at all, with permissions 0600.
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
