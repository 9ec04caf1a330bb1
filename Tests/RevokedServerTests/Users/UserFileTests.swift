import Files
import Foundation
import Synchronization
import TLS
import TestSupport
import Testing

@testable import RevokedServer

/// `--aclfile`.
@Suite struct UserFileTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/users.acl" }

    init() throws { folder = try TemporaryFolder() }

    private func write(_ lines: String...) throws {
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
    }

    /// Who may do everything without a password: a file that leaves it out closes it.
    private static let open = "user default on nopass ~* &* +@all"

    /// An administrator of a daemon that has taken the file.
    private func start(_ configure: (inout ServerConfiguration) -> Void = { _ in }) throws -> SessionBench {
        let path = path
        let daemon = SessionBench.daemon {
            $0.userFile = path
            configure(&$0)
        }
        try daemon.loadFirstUsers(path)
        return SessionBench(daemon)
    }

    private func save(_ daemon: Daemon) async -> String? {
        await withCheckedContinuation { ended in daemon.users.save(to: path) { ended.resume(returning: $0) } }
    }

    private func failure(saving users: [UserDefinition], to path: String) -> String? {
        do throws(UserFile.Failure) { _ = try UserFile.save(users, to: path, prefix: "revoked:") } catch {
            return error.message
        }
        return nil
    }

    @Test func usersAreLoadedAndSaved() async throws {
        try write("", "user a on >p ~a* +get (%R~b", "~c +set)", "user default on nopass ~* &* +@all")
        #expect(throws: UserFile.Failure.self) { try start() }
        try write("", "  user a on >p ~a* +get (%R~b ~c +set)  ", "", "user default on nopass ~* &* +@all")
        let bench = try start()
        let before = bench.ask("ACL", "LIST")
        #expect(before.contains("~a* resetchannels -@all +get (%R~b ~c resetchannels -@all +set)"))
        #expect(bench.ask("ACL", "SETUSER", "b", "on", ">secret", "+@all") == "+OK\r\n")
        #expect(await save(bench.daemon) == nil)
        let saved = try String(contentsOfFile: path, encoding: .utf8)
        #expect(saved.split(separator: "\n").count == 3 && !saved.contains("secret"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["users.acl"])
        let rights = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(rights == 0o600)
        let list = bench.ask("ACL", "LIST")
        #expect(try start().ask("ACL", "LIST") == list)
    }

    /// One bad line, and nothing changes.
    @Test(arguments: [
        ("foo", ":2 should start with user keyword followed by the username."), ("user", ":2 should start with user"),
        ("user b on +foo", ":2: Error in applying operation '+foo': Unknown command or category name in ACL."),
        ("user b >x (+get", ":2: Unmatched parenthesis in acl selector starting at '(+get'."),
        ("user a on", ":2: Duplicate user 'a' found."),
        ("user b <private", ":2: Error in applying operation '<(password)': The password you are trying to remove"),
    ])
    func oneBadLineRefusesTheFile(_ line: String, _ error: String) throws {
        try write("user a on nopass +ping", Self.open)
        let bench = try start()
        let before = bench.ask("ACL", "LIST")
        try write("user a on nopass +get", line, "user c on")
        let reply = bench.ask("ACL", "LOAD")
        #expect(reply.hasPrefix("-ERR \(path)\(error)"), "\(reply)")
        #expect(reply.contains("WARNING: ACL errors detected") && !reply.contains("private"))
        #expect(bench.ask("ACL", "LIST") == before)
    }

    @Test func aFileThatIsNotThereRefuses() throws {
        try write("user a on", Self.open)
        let bench = try start()
        try FileManager.default.removeItem(atPath: path)
        #expect(
            bench.ask("ACL", "LOAD") == "-ERR Error loading ACLs, opening file '\(path)': No such file or directory\r\n"
        )
        #expect(bench.ask("ACL", "USERS").contains("\r\na\r\n"))
    }

    /// Reading a pipe would have somebody wait for its writer.
    @Test func aPipeInItsPlaceIsRefused() throws {
        try write("user a on", Self.open)
        let bench = try start()
        try FileManager.default.removeItem(atPath: path)
        #expect(mkfifo(path, 0o600) == 0)
        #expect(bench.ask("ACL", "LOAD").contains("opening file '\(path)': it is not a regular file"))
        #expect(bench.ask("ACL", "USERS").contains("\r\na\r\n"))
    }

    @Test func aLoadClosesTheConnectionsOfWhoChanged() throws {
        try write("user a on >p +ping", "user b on >p +ping", "user c on >p +ping", Self.open)
        let admin = try start()
        let benches = ["a", "b", "c"].map { name in
            let bench = SessionBench(admin.daemon)
            #expect(bench.ask("AUTH", name, "p") == "+OK\r\n")
            return bench
        }
        try write("user a on >p +ping", "user b on >other +ping", Self.open)
        #expect(admin.ask("ACL", "LOAD") == "+OK\r\n")
        #expect(benches.map { $0.ask("PING") } == ["+PONG\r\n", "", ""])
        #expect(benches.map(\.isClosed) == [false, true, true])
    }

    /// A password of a setting is the only one of its user, whatever the file says.
    @Test func settingsWinOverTheFile() throws {
        try write("user default on nopass ~* &* +@all", "user reader on >old ~x +get", "user writer on")
        let bench = try start { ($0.password, $0.readerPassword) = ("d", "r") }
        #expect(SessionBench(bench.daemon).ask("PING").hasPrefix("-NOAUTH"))
        #expect(bench.ask("AUTH", "d") == "+OK\r\n")
        let reader = SessionBench(bench.daemon)
        #expect(reader.ask("AUTH", "reader", "old").hasPrefix("-WRONGPASS"))
        #expect(reader.ask("AUTH", "reader", "r") == "+OK\r\n")
        #expect(reader.ask("GET", "x") == "$-1\r\n")
        #expect(reader.ask("GET", "revoked:jti:a").hasPrefix("-NOPERM"))
        // A line that says nothing of permissions leaves the built-in ones.
        #expect(bench.ask("ACL", "GETUSER", "writer").contains("%RW@token"))
    }

    @Test func aLoadDoesNotTakeTheAdministratorAway() throws {
        try write("user admin on >p", Self.open)
        let bench = try start()
        _ = bench.ask("AUTH", "admin", "p")
        try write("user default on nopass ~* +@all")
        #expect(bench.ask("ACL", "LOAD").hasPrefix("-ERR the file has no user admin, and there is one"))
        #expect(SessionBench(bench.daemon).ask("FLUSHALL").hasPrefix("-NOPERM"))
    }

    // MARK: Nothing opens by mistake

    /// Most likely it was cut off.
    @Test func aFileWithoutUsersIsRefused() throws {
        try write("user a on >p", Self.open)
        let bench = try start()
        for text in ["", "\n", " \n\n"] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            #expect(throws: UserFile.Failure.self) { try start() }
            #expect(bench.ask("ACL", "LOAD").hasPrefix("-ERR \(path) holds no user: begin it with a line such as"))
        }
        #expect(throws: UserFile.Failure.self) { try UserFile(reading: "/dev/null").definitions(prefix: "revoked:") }
        #expect(bench.ask("ACL", "USERS").contains("\r\na\r\n"))
    }

    /// Who is in no line may do nothing.
    @Test func aFileThatLeavesDefaultOutClosesIt() throws {
        try write("user admin on >p", Self.open)
        let bench = try start()
        #expect(bench.ask("AUTH", "admin", "p") == "+OK\r\n")
        try write("user admin on >p")
        #expect(bench.ask("ACL", "LOAD") == "+OK\r\n")
        let stranger = SessionBench(bench.daemon)
        #expect(stranger.ask("SETEX", "revoked:all", "100", "1790000000000").hasPrefix("-NOAUTH"))
        // Nor is its old password there.
        #expect(bench.ask("ACL", "SETUSER", "default", "on") == "+OK\r\n")
        #expect(stranger.ask("PING").hasPrefix("-NOAUTH"))
        #expect(stranger.ask("AUTH", "").hasPrefix("-WRONGPASS"))
    }

    /// Protected mode holds after the start, too.
    @Test func nothingOpensADaemonBeyondLoopback() throws {
        try write("user admin on >p", "user default off")
        for isProtected in [true, false] {
            let bench = try start { ($0.bind, $0.protectedMode) = (["0.0.0.0"], isProtected) }
            #expect(bench.ask("AUTH", "admin", "p") == "+OK\r\n")
            let expected = isProtected ? "-ERR the user default would need no password" : "+OK"
            try write("user admin on >p", Self.open)
            #expect(bench.ask("ACL", "LOAD").hasPrefix(expected))
            #expect(bench.ask("ACL", "SETUSER", "default", "off", "resetpass") == "+OK\r\n")
            #expect(bench.ask("ACL", "SETUSER", "default", "on", "nopass").hasPrefix(expected))
            #expect(SessionBench(bench.daemon).ask("PING").hasPrefix(isProtected ? "-NOAUTH" : "+PONG"))
            #expect(bench.ask("ACL", "SETUSER", "default", "on", ">secret", "~*", "+@all") == "+OK\r\n")
            try write("user admin on >p", "user default off")
        }
    }

    @Test func whatIsOddAboutUsersIsLogged() throws {
        func warnings(
            _ lines: String..., configure: (inout ServerConfiguration) -> Void = { _ in }
        ) throws -> [String] {
            var configuration = ServerConfiguration()
            configure(&configuration)
            let log = LogLines()
            let daemon = Daemon(configuration, time: .system, logger: log.logger)
            if lines.isEmpty {
                daemon.warnOfUsers()
            } else {
                try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
                try daemon.loadFirstUsers(path)
            }
            return log.lines
        }
        #expect(try warnings().isEmpty)
        #expect(try warnings { ($0.password, $0.adminPassword, $0.readerPassword) = ("p", "p", "p") }.isEmpty)
        #expect(try warnings("user admin on >p", "user default off").isEmpty)
        for line in ["user admin off >p", "user admin on", "user admin on >p -@all"] {
            #expect(try warnings(line, Self.open).contains { $0.contains("nobody can administer") }, "\(line)")
        }
        #expect(
            try warnings("user admin on") { ($0.tlsPort, $0.tls.certificateUser) = (7379, .commonName) }.isEmpty)
        #expect(try warnings { $0.readerPassword = "p" }.contains { $0.contains("there is no user admin") })
        #expect(
            try warnings("user admin on >p", Self.open) { $0.readerPassword = "p" }
                .contains { $0.contains("default needs none") })
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
        let log = LogLines()
        try Daemon(ServerConfiguration(), time: .system, logger: log.logger).loadFirstUsers(path)
        #expect(log.lines.contains { $0.contains("others may write the file of users \(path)") })
    }

    // MARK: Saving

    /// Many administrators save at once: the file is always whole, and holds each change that was saved.
    @Test func savesDoNotDisturbEachOther() async throws {
        try write(Self.open)
        let daemon = try start().daemon
        let path = path
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for round in 0..<10 {
                        let name = "u\(task)-\(round)"
                        try? daemon.users.set(Array(name.utf8), [], exposedHost: nil)
                        #expect(await save(daemon) == nil)
                        let names = (try? UserFile(reading: path).definitions(prefix: "revoked:").map(\.name)) ?? []
                        #expect(names.contains { $0.description == name })
                    }
                }
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["users.acl"])
        #expect(try UserFile(reading: path).definitions(prefix: "revoked:").count == 81)
    }

    /// Nor do those of two daemons that share a file, as each has the process number 1 in its container.
    @Test func writersAreNotInEachOthersWay() async throws {
        try write(Self.open)
        let users = try start().daemon.users.all
        let path = path
        await withTaskGroup(of: String?.self) { group in
            for _ in 0..<100 { group.addTask { failure(saving: users, to: path) } }
            for await failure in group { #expect(failure == nil) }
        }
        #expect(try UserFile(reading: path).definitions(prefix: "revoked:") == users)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["users.acl"])
    }

    /// What a load would refuse is not written.
    @Test func whatCannotBeReadIsNotSaved() async throws {
        try write(Self.open)
        let bench = try start()
        let patterns = (0..<120).map { "~\($0)" + String(repeating: "a", count: 1000) }
        for number in 0..<40 {
            #expect(text(bench.converse([encode(["ACL", "SETUSER", "u\(number)"] + patterns)])) == "+OK\r\n")
        }
        #expect(await save(bench.daemon) == "it would be longer than \(UserLimits.fileBytes) bytes")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == Self.open + "\n")
        let twice = [UserDefinition("a"), UserDefinition("a")]
        #expect(failure(saving: twice, to: path) == "a load would read other users from it")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == Self.open + "\n")
    }

    @Test func aSymbolicLinkStaysOne() async throws {
        try write(Self.open)
        let link = folder.path + "/link.acl"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        let users = try start().daemon.users
        try users.set(Array("new".utf8), [], exposedHost: nil)
        #expect(failure(saving: users.all, to: link) == nil)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == path)
        #expect(try String(contentsOfFile: path, encoding: .utf8).contains("user new off"))
    }

    @Test func aFolderThatCannotBeWrittenKeepsTheFile() throws {
        try write("user a on")
        let bench = try start()
        let missing = folder.path + "/none/users.acl"
        #expect(failure(saving: bench.daemon.users.all, to: missing) == "No such file or directory")
        #expect(failure(saving: bench.daemon.users.all, to: folder.path) != nil)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "user a on\n")
    }

    // MARK: Loads and saves beside changes

    /// What was changed after `ACL LOAD` was sent stays, and the load says that it came to nothing.
    @Test func aLoadUndoesNoLaterChange() async throws {
        try write("user a on >p +ping", Self.open)
        let daemon = try start().daemon
        let path = path
        let failures = AsyncStream<String?>.makeStream()
        // The load waits for a save before it, which waits for the lock of another file.
        let other = folder.path + "/other.acl"
        try AtomicFile.withLock(of: other) {
            daemon.users.save(to: other) { _ in }
            daemon.loadUsers(path, for: 1) { failures.continuation.yield($0) }
            try? daemon.users.set(Array("a".utf8), [Array("off".utf8)], exposedHost: nil)
        } failure: {
            $0 as any Error
        }
        var all = failures.stream.makeAsyncIterator()
        #expect(await all.next()??.contains("users were changed while the file was read: send ACL LOAD again") == true)
        #expect(daemon.users.user(UserName("a".utf8)!)?.definition.isOn == false)
        daemon.loadUsers(path, for: 1) { failures.continuation.yield($0) }
        #expect(await all.next() == .some(nil))
        #expect(daemon.users.user(UserName("a".utf8)!)?.definition.isOn == true)
    }

    /// Who sends `ACL LOAD` has its answer, also if it is another by it.
    @Test func whoLoadsIsAnsweredFirst() throws {
        try write("user admin on >p")
        let admin = try start()
        #expect(admin.ask("AUTH", "admin", "p") == "+OK\r\n")
        try write("user admin on >other")
        #expect(admin.ask("ACL", "LOAD") == "+OK\r\n")
        // The session may know by now that its user is another: it closes behind the answer.
        #expect(!admin.wasEnded)
        #expect(admin.ask("PING") == "" && admin.isClosed)
    }

    /// Two daemons share a file: neither writes over what the other has saved.
    @Test func aFileThatAnotherHasWrittenIsNotReplaced() async throws {
        try write(Self.open)
        let (one, other) = (try start(), try start())
        #expect(one.ask("ACL", "SETUSER", "one", "on") == "+OK\r\n")
        #expect(one.ask("ACL", "SAVE") == "+OK\r\n")
        #expect(other.ask("ACL", "SETUSER", "other", "on") == "+OK\r\n")
        #expect(await save(other.daemon)?.hasPrefix("it was changed since this daemon read it") == true)
        #expect(other.ask("ACL", "LOAD") == "+OK\r\n")
        #expect(other.ask("ACL", "SETUSER", "other", "on") == "+OK\r\n")
        for _ in 0..<2 { #expect(other.ask("ACL", "SAVE") == "+OK\r\n") }
        let saved = try String(contentsOfFile: path, encoding: .utf8)
        #expect(saved.contains("user one on") && saved.contains("user other on"))
        // What is not there is written.
        try FileManager.default.removeItem(atPath: path)
        #expect(one.ask("ACL", "SAVE") == "+OK\r\n")
    }

    /// A daemon that was killed while it saved leaves another file, which goes with the next start, or save.
    @Test func whatAKilledSaveHasLeftIsRemoved() throws {
        try write(Self.open)
        let left = folder.file("users.acl.tmp-0badc0ffee")
        let names = ["users.acl", "users.acl.tmp-mine", "users.acl.tmp-0badc0ffee0badc0ffee", "other.acl.tmp-1"]
        for name in names.dropFirst() { try Data().write(to: URL(fileURLWithPath: folder.file(name))) }
        try Data("user a".utf8).write(to: URL(fileURLWithPath: left))
        let bench = try start()
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: folder.path)) == Set(names))
        try Data("user a".utf8).write(to: URL(fileURLWithPath: left))
        #expect(bench.ask("ACL", "SAVE") == "+OK\r\n")
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: folder.path)) == Set(names))
    }
}
