import NIOPosix
import Synchronization

/// Checks passwords on threads of its own: scrypt takes a tenth of a second and 32 MiB each.
final class PasswordCheck: Sendable {
    /// How many hashes are computed at once.
    private static let threads = 2
    /// How many callers may wait or compute; more are refused rather than queued for seconds.
    private static let maximumCallers = 32

    /// More log-ins at once than can be served.
    struct Overloaded: Error {}

    private let accounts: Accounts
    /// Stands in for an account that does not exist, so that its absence cannot be timed.
    private let nobody: PasswordHash
    private let pool = NIOThreadPool(numberOfThreads: threads)
    private let callers = Atomic(0)

    init(_ accounts: Accounts) throws(NodeError) {
        self.accounts = accounts
        nobody = try PasswordHash(of: "nobody", cost: accounts.usualCost)
        pool.start()
    }

    deinit {
        pool.shutdownGracefully { _ in }
    }

    /// - Returns: the account's name as it is stored, or nil if there is none or the password is wrong.
    func subject(name: String, password: String) async throws -> String? {
        defer { callers.subtract(1, ordering: .relaxed) }
        guard callers.add(1, ordering: .relaxed).newValue <= Self.maximumCallers else { throw Overloaded() }
        let account = accounts[name]
        let hash = account?.password ?? nobody
        let matches = try await pool.runIfActive { hash.matches(password) }
        return matches ? account?.name : nil
    }
}
