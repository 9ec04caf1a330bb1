#if os(Linux)
    import Foundation
    import TestSupport
    import Testing

    @testable import AuthNode
    @testable import Lab

    @Suite struct LoadPasswordTests {
        /// The accounts of a demo that others can reach must not have a password that everybody knows.
        @Test func theUsersHaveThePasswordOfTheFile() throws {
            let folder = try TemporaryFolder()
            try Data("correct horse\n".utf8).write(to: URL(fileURLWithPath: folder.path + "/password"))
            var settings = NodeRun.Settings()
            settings.users = 2
            settings.passwordFile = folder.path + "/password"
            try NodeRun(settings).makeUsers(folder.path + "/users")
            let accounts = try Accounts(contentsOf: folder.path + "/users")
            for name in ["user-0", "user-1"] {
                let account = try #require(accounts[name])
                #expect(try account.password.matches("correct horse"))
                #expect(try !account.password.matches("password"))
            }
        }

        @Test func withoutThatFileThereAreNoUsers() throws {
            let folder = try TemporaryFolder()
            var settings = NodeRun.Settings()
            settings.passwordFile = folder.path + "/password"
            #expect(throws: (any Error).self) { try NodeRun(settings).makeUsers(folder.path + "/users") }
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/users"))
        }
    }
#endif
