import Foundation
import Testing

@testable import AuthNode

@Suite struct PasswordCheckTests {
    private let cheap = PasswordCost(rounds: 2, blockSize: 1, parallelism: 1)
    private let dear = PasswordCost(rounds: 16, blockSize: 8, parallelism: 2)

    private func accounts() throws -> Accounts {
        var accounts = Accounts()
        try accounts.add("old", password: "old's", cost: cheap)
        try accounts.add("new", password: "new's", cost: dear)
        try accounts.add("newer", password: "newer's", cost: dear)
        return accounts
    }

    @Test func eachPasswordOpensItsAccountOnly() async throws {
        let check = try PasswordCheck(try accounts())
        #expect(check.hasMixedCosts)
        for name in ["old", "new", "newer", "nobody"] {
            for password in ["old's", "new's", "newer's", "nobody", ""] {
                let subject = try await check.subject(name: name, password: password)
                #expect(subject == (password == "\(name)'s" ? name : nil))
            }
        }
    }

    /// The time of a log-in says neither who has an account nor how old its password is.
    @Test(arguments: ["old", "new", "newer", "nobody", "", String(repeating: "x", count: 10_000)])
    func everyLogInComputesTheSameHashes(name: String) throws {
        let accounts = try accounts()
        let hashes = try PasswordCheck(accounts).hashes(for: accounts[name])
        #expect(hashes.map(\.hash.cost) == [cheap, dear])
        #expect(hashes.count { !$0.isDecoy } == (["old", "new", "newer"].contains(name) ? 1 : 0))
    }

    @Test func tooManyCostsAreRefusedWithWhatToDo() throws {
        var accounts = Accounts()
        for power in 1...4 {
            let cost = PasswordCost(rounds: 1 << power, blockSize: 1, parallelism: 1)
            try accounts.add("user-\(power)", password: "p", cost: cost)
        }
        let refusal = #expect(throws: NodeError.self) { try PasswordCheck(accounts) }
        #expect(refusal?.message.contains("--replace") == true)
    }

    /// Two checks at once fit into what a node may grow by under a flood of log-ins.
    @Test func theStandardTakesLittleMemory() {
        let cost = PasswordCost.standard
        #expect(cost.rounds * cost.blockSize * 128 <= 8 << 20)
        #expect(cost.work >= 1 << 18)
    }
}
