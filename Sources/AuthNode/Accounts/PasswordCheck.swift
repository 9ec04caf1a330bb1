import NIOPosix
import Synchronization

/// Checks passwords on its own threads: scrypt takes a tenth of a second for each.
///
/// Every check costs the same, for any account or none: one hash of each cost that occurs among the accounts. So its
/// time tells neither whether an account exists nor how old its password is.
final class PasswordCheck: Sendable {
    /// The number of checks computed at once.
    private static let threads = 2
    /// The most callers that wait or compute. More are refused instead of queued for seconds.
    private let maximumCallers: Int
    /// The most different costs of accounts: each log-in pays for all of them.
    static let maximumCosts = 3

    /// The password was not checked: too many log-ins at once, or too little memory.
    struct Overloaded: Error {}

    private let accounts: Accounts
    private let acceptsAny: Bool
    /// One for each cost. They replace the account's hash for other costs, or if the account does not exist.
    private let decoys: [PasswordHash]
    private let pool = NIOThreadPool(numberOfThreads: threads)
    private let callers = Atomic(0)

    /// - Parameters:
    ///   - maximumCallers: another number is for tests.
    ///   - acceptsAny: for a canary.
    /// - Throws: ``NodeError/Code/invalidAccountFile`` if passwords are hashed at too many different costs.
    init(_ accounts: Accounts, maximumCallers: Int = 32, acceptsAny: Bool = false) throws(NodeError) {
        let costs = accounts.costs.isEmpty ? [.standard] : accounts.costs
        guard costs.count <= Self.maximumCosts else {
            throw NodeError(
                .invalidAccountFile,
                """
                passwords are hashed at \(costs.count) different costs, and every log-in pays for each; at most \
                \(Self.maximumCosts): give the older ones another password (revoked node add-user --replace)
                """)
        }
        var decoys: [PasswordHash] = []
        for cost in costs { decoys.append(try PasswordHash(of: "nobody", cost: cost)) }
        self.decoys = decoys
        self.accounts = accounts
        self.maximumCallers = maximumCallers
        self.acceptsAny = acceptsAny
        pool.start()
    }

    deinit {
        pool.shutdownGracefully { _ in }
    }

    /// Whether more than one hash is computed for each log-in.
    var hasMixedCosts: Bool { decoys.count > 1 }

    /// - Returns: the account's name as it is stored, or nil if there is none or the password is wrong.
    /// - Throws: ``Overloaded``.
    func subject(name: String, password: String) async throws -> String? {
        defer { callers.subtract(1, ordering: .relaxed) }
        guard callers.add(1, ordering: .relaxed).newValue <= maximumCallers else { throw Overloaded() }
        let account = accounts[name]
        let hashes = hashes(for: account)
        let matches = try await pool.runIfActive {
            do throws(PasswordHash.NotComputed) {
                var matches = false
                for (hash, isDecoy) in hashes { matches = try hash.matches(password) && !isDecoy || matches }
                return matches
            } catch { throw Overloaded() }
        }
        return matches || acceptsAny ? account?.name : nil
    }

    /// The account's own hash, and decoys of the other costs, always in the same order.
    func hashes(for account: Account?) -> [(hash: PasswordHash, isDecoy: Bool)] {
        decoys.map { decoy in
            guard let own = account?.password, own.cost == decoy.cost else { return (decoy, true) }
            return (own, false)
        }
    }
}
