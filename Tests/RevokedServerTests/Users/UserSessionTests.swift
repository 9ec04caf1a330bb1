import Foundation
import Synchronization
import TestSupport
import Testing

@testable import RevokedServer

/// Users and their connections, without sockets.
@Suite struct UserSessionTests {
    /// A client that has logged in.
    private static func client(_ daemon: Daemon, _ user: String, _ password: String) -> SessionBench {
        let bench = SessionBench(daemon)
        #expect(bench.ask("AUTH", user, password) == "+OK\r\n")
        return bench
    }

    private static let noPermission = "-NOPERM this user has no permissions to run the "

    @Test func changedRulesHoldForOpenConnections() {
        let admin = SessionBench()
        #expect(admin.ask("ACL", "SETUSER", "u", "on", ">p", "~*", "+get", "+ping") == "+OK\r\n")
        let user = Self.client(admin.daemon, "u", "p")
        #expect(user.ask("GET", "a") == "$-1\r\n")
        #expect(admin.ask("ACL", "SETUSER", "u", "-get") == "+OK\r\n")
        #expect(user.ask("GET", "a") == Self.noPermission + "'get' command\r\n")
        #expect(admin.ask("ACL", "SETUSER", "u", "+@all") == "+OK\r\n")
        #expect(user.ask("SET", "a", "1") == "+OK\r\n")
        // Its own right to change users is gone for the rest of the same read.
        let both = user.converse([
            encode(["ACL", "SETUSER", "u", "-@all", "+ping"]) + encode(["GET", "a"]) + encode(["PING"])
        ])
        #expect(text(both) == "+OK\r\n" + Self.noPermission + "'get' command\r\n+PONG\r\n")
    }

    @Test func aDeletedUsersConnectionIsClosed() {
        let admin = SessionBench()
        _ = admin.ask("ACL", "SETUSER", "u", "on", ">p", "+@all", "~*")
        let (user, other) = (Self.client(admin.daemon, "u", "p"), SessionBench(admin.daemon))
        #expect(admin.ask("ACL", "DELUSER", "u", "nobody") == ":1\r\n")
        #expect(user.ask("PING").isEmpty && user.isClosed)
        #expect(other.ask("PING") == "+PONG\r\n")
        // One of the same name is another user.
        _ = admin.ask("ACL", "SETUSER", "v", "on", ">p", "+@all")
        let second = Self.client(admin.daemon, "v", "p")
        _ = admin.ask("ACL", "DELUSER", "v")
        _ = admin.ask("ACL", "SETUSER", "v", "on", ">p", "+@all", "~*")
        #expect(second.ask("PING").isEmpty && second.isClosed)
        // Whoever deletes itself hears of it first.
        let own = Self.client(admin.daemon, "v", "p")
        #expect(own.ask("ACL", "DELUSER", "v") == ":1\r\n")
        #expect(own.isClosed)
    }

    @Test func aUserThatIsOffKeepsItsConnections() {
        let admin = SessionBench()
        _ = admin.ask("ACL", "SETUSER", "u", "on", ">p", "+ping")
        let user = Self.client(admin.daemon, "u", "p")
        _ = admin.ask("ACL", "SETUSER", "u", "off")
        #expect(user.ask("PING") == "+PONG\r\n")
        #expect(SessionBench(admin.daemon).ask("AUTH", "u", "p").hasPrefix("-WRONGPASS"))
    }

    @Test func defaultMayBeClosedAndOpenedWhileConnectionsAreOpen() {
        let admin = SessionBench { $0.adminPassword = "secret" }
        #expect(admin.ask("AUTH", "admin", "secret") == "+OK\r\n")
        let before = SessionBench(admin.daemon)
        #expect(admin.ask("ACL", "SETUSER", "default", "off") == "+OK\r\n")
        #expect(before.ask("PING") == "+PONG\r\n")
        let after = SessionBench(admin.daemon)
        #expect(after.ask("PING").hasPrefix("-NOAUTH"))
        #expect(after.ask("AUTH", "default", "x").hasPrefix("-WRONGPASS"))
        #expect(admin.ask("ACL", "SETUSER", "default", "on") == "+OK\r\n")
        #expect(after.ask("PING") == "+PONG\r\n")
    }

    // MARK: The administrator

    /// Rules never give what is the administrator's.
    @Test func rulesDoNotGiveWhatIsTheAdministrators() {
        let admin = SessionBench { $0.adminPassword = "secret" }
        _ = admin.ask("AUTH", "admin", "secret")
        _ = admin.ask("ACL", "SETUSER", "all", "on", "nopass", "~*", "&*", "+@all")
        _ = admin.ask("SETEX", "revoked:jti:a", "100", "logout")
        let user = Self.client(admin.daemon, "all", "any")
        for words in [
            ["DEL", "revoked:jti:a"], ["UNLINK", "revoked:jti:a"], ["GETDEL", "revoked:jti:a"], ["FLUSHALL"],
            ["FLUSHDB"],
            ["ACL", "LIST"], ["ACL", "SETUSER", "all", "on"], ["ACL", "SETUSER", "admin", ">x"],
            ["ACL", "DELUSER", "x"],
            ["ACL", "GETUSER", "admin"], ["ACL", "USERS"], ["ACL", "LOG"], ["ACL", "LOAD"], ["ACL", "SAVE"],
            ["ACL", "DRYRUN", "admin", "PING"], ["CONFIG", "SET", "maxmemory", "1"], ["SHUTDOWN"], ["SAVE"],
            ["CLIENT", "KILL", "USER", "admin"], ["SET", "revoked.accepted", "x"],
        ] {
            #expect(text(user.converse([encode(words)])).hasPrefix("-NOPERM "), "\(words)")
        }
        #expect(user.ask("ACL", "WHOAMI") == "$3\r\nall\r\n")
        #expect(user.ask("ACL", "CAT").hasPrefix("*21\r\n"))
        #expect(admin.ask("ACL", "DRYRUN", "all", "FLUSHALL").contains("no permissions to run the 'flushall' command"))
        #expect(admin.ask("ACL", "DRYRUN", "admin", "FLUSHALL") == "+OK\r\n")
        #expect(admin.ask("ACL", "DRYRUN", "all", "DEL", "a", "revoked:jti:a").contains("to run the 'del' command"))
        #expect(admin.ask("ACL", "DRYRUN", "all", "DEL", "a") == "+OK\r\n")
    }

    /// Nor is there a way back to where everybody may do that.
    @Test func theAdministratorCannotBeTakenAway() {
        let admin = SessionBench { $0.adminPassword = "secret" }
        _ = admin.ask("AUTH", "admin", "secret")
        #expect(admin.ask("ACL", "DELUSER", "admin") == "-ERR The 'admin' user cannot be removed\r\n")
        #expect(admin.ask("ACL", "SETUSER", "admin", "off", "resetpass") == "+OK\r\n")
        let other = SessionBench(admin.daemon)
        #expect(other.ask("FLUSHALL").hasPrefix("-NOPERM"))
        #expect(other.ask("AUTH", "admin", "secret").hasPrefix("-WRONGPASS"))
    }

    /// One that is made while the daemon runs takes the privilege away from all connections that are open.
    @Test func anAdministratorMadeLaterIsTheOnlyOne() {
        let (first, second) = { (SessionBench($0), SessionBench($0)) }(SessionBench.daemon())
        #expect(second.ask("CONFIG", "RESETSTAT") == "+OK\r\n")
        #expect(first.ask("ACL", "SETUSER", "admin", "on", ">secret") == "+OK\r\n")
        for bench in [first, second] { #expect(bench.ask("CONFIG", "RESETSTAT").hasPrefix("-NOPERM")) }
        #expect(second.ask("AUTH", "admin", "secret") == "+OK\r\n")
        #expect(second.ask("CONFIG", "RESETSTAT") == "+OK\r\n")
    }

    /// Nor without an administrator does a user with rules of its own administer, or change what all nodes agreed on.
    @Test func whoIsRestrictedNeverAdministers() {
        let owner = SessionBench()
        func terms(_ more: String = "") -> String {
            #"{"issuers":[{"lead":0,"lifetimes":[{"ms":1000,"since":0}\#(more)],"name":"a"}],"leeway":0,"v":1}"#
        }
        let grown = terms(#",{"ms":30000000000,"since":1700000000000}"#)
        _ = owner.ask("ACL", "SETUSER", "writer", "on", ">p")
        _ = owner.ask("ACL", "SETUSER", "wide", "on", ">p", "~revoked*", "+@all")
        let (writer, wide) = (Self.client(owner.daemon, "writer", "p"), Self.client(owner.daemon, "wide", "p"))
        #expect(writer.ask("SET", "revoked.terms", terms()) == "+OK\r\n")
        #expect(writer.ask("SET", "revoked.terms", grown).hasPrefix("-NOPERM"))
        _ = owner.ask("SETEX", "revoked:jti:a", "100", "logout")
        for words in [
            ["SET", "revoked.terms", grown], ["DEL", "revoked:jti:a"], ["FLUSHALL"],
            ["ACL", "SETUSER", "wide", "~*"], ["CONFIG", "SET", "maxmemory", "1"],
        ] {
            #expect(text(wide.converse([encode(words)])).hasPrefix("-NOPERM "), "\(words)")
            #expect(
                text(owner.converse([encode(["ACL", "DRYRUN", "wide"] + words)])).hasPrefix("+OK")
                    == (words[0] == "SET"))
        }
        #expect(owner.ask("SET", "revoked.terms", grown) == "+OK\r\n")
        #expect(owner.ask("DEL", "revoked:jti:a") == ":1\r\n")
    }

    @Test func aTrialTellsWhatWouldBeRefused() {
        let admin = SessionBench { $0.adminPassword = "secret" }
        _ = admin.ask("AUTH", "admin", "secret")
        let stranger = SessionBench(admin.daemon)
        #expect(stranger.ask("DEL", "revoked:jti:x").hasPrefix("-NOPERM"))
        let trial = admin.ask("ACL", "DRYRUN", "default", "DEL", "revoked:jti:x")
        #expect(trial.contains("no permissions to run the 'del' command"))
    }

    // MARK: Settings, certificates

    /// Who has no password may not do more than those who have one.
    @Test func aPasswordOfABuiltInUserClosesDefault() {
        for path in [\ServerConfiguration.readerPassword, \.writerPassword, \.operatorPassword] {
            let daemon = SessionBench.daemon { $0[keyPath: path] = "p" }
            let stranger = SessionBench(daemon)
            for words in [["SETEX", "revoked:all", "100", "1790000000000"], ["PING"], ["ACL", "LIST"]] {
                #expect(text(stranger.converse([encode(words)])).hasPrefix("-NOAUTH"))
            }
            #expect(stranger.ask("AUTH", "default", "").hasPrefix("-WRONGPASS"))
            let open = SessionBench.daemon { ($0[keyPath: path], $0.password) = ("p", "d") }
            #expect(Self.client(open, "default", "d").ask("PING") == "+PONG\r\n")
        }
        #expect(SessionBench { $0.adminPassword = "p" }.ask("PING") == "+PONG\r\n")
    }

    @Test func settingsGivePasswords() {
        let daemon = SessionBench.daemon {
            ($0.password, $0.adminPassword) = ("d", "a")
            ($0.readerPassword, $0.writerPassword, $0.operatorPassword) = ("r", "w", "o")
        }
        for (user, password) in [("default", "d"), ("admin", "a"), ("reader", "r"), ("writer", "w"), ("operator", "o")]
        {
            let bench = Self.client(daemon, user, password)
            #expect(bench.ask("PING") == "+PONG\r\n")
            #expect(bench.user.name.description == user)
            #expect(SessionBench(daemon).ask("AUTH", user, "wrong").hasPrefix("-WRONGPASS"))
            #expect(SessionBench(daemon).ask("AUTH", user, "").hasPrefix("-WRONGPASS"))
        }
        #expect(SessionBench.daemon().users.all.map(\.name) == ["default"])
    }

    @Test func aCertificateNamesAUser() {
        let daemon = SessionBench.daemon { $0.password = "d" }
        let admin = Self.client(daemon, "default", "d")
        _ = admin.ask("ACL", "SETUSER", "node", "on", "+ping")
        _ = admin.ask("ACL", "SETUSER", "gone", "off", "+ping")
        for (name, user) in [("node", "node"), ("gone", nil), ("nobody", nil), ("", nil)] as [(String, String?)] {
            let bench = SessionBench(daemon)
            bench.logIn(certificateName: name)
            #expect(bench.ask("PING") == (user == nil ? "-NOAUTH Authentication required.\r\n" : "+PONG\r\n"))
            #expect(bench.user.name.description == user ?? "default")
        }
    }

    // MARK: The log

    @Test func theLogHoldsNoIdentifierAndNoPassword() {
        let admin = SessionBench { $0.adminPassword = "admin-secret" }
        _ = admin.ask("AUTH", "admin", "admin-secret")
        _ = admin.ask("ACL", "SETUSER", "u", "on", ">user-secret", "+get", "+subscribe", "resetchannels", "~x")
        let user = Self.client(admin.daemon, "u", "user-secret")
        for words in [
            ["GET", "revoked:jti:private-jti"], ["GET", "revoked:label:sub:private-jti"],
            ["GET", "revoked:private-jti"], ["SUBSCRIBE", "__keyspace@0__:revoked:jti:private-jti"],
            ["SET", "revoked:jti:private-jti", "x"], ["AUTH", "u", "wrong-secret"],
            ["HELLO", "3", "AUTH", "u", "wrong-secret"],
        ] { _ = user.converse([encode(words)]) }
        let log = admin.ask("ACL", "LOG")
        for part in ["revoked:(token)", "revoked:(subject)", "set", "hello", "auth", "channel"] {
            #expect(log.contains(part), "\(part)")
        }
        for secret in ["private-jti", "secret"] { #expect(!log.contains(secret)) }
        let information = admin.ask("INFO", "stats")
        for line in ["acl_access_denied_auth:2", "acl_access_denied_cmd:1", "acl_access_denied_key:3"] {
            #expect(information.contains(line + "\r\n"), "\(line)")
        }
    }

    /// What was given for a name, and keys of others: the log tells no more than who needs which rule.
    @Test func theLogHoldsNoStrangersWord() {
        let admin = SessionBench()
        _ = admin.ask("ACL", "SETUSER", "u", "on", ">p", "+get", "~x")
        let user = Self.client(admin.daemon, "u", "p")
        for words in [
            ["AUTH", "my-secret", "admin"], ["HELLO", "3", "AUTH", "my-secret", "admin"], ["AUTH", "u", "my-secret"],
            ["AUTH", "my secret", "x"], ["GET", "session:12345678:my-secret"],
        ] { _ = user.converse([encode(words)]) }
        let log = admin.ask("ACL", "LOG")
        #expect(!log.contains("secret"))
        #expect(log.contains("$9\r\n(unknown)\r\n") && log.contains("$1\r\nu\r\n"))
        #expect(log.contains("$16\r\nsession:12345678\r\n"))
    }

    /// An unknown user, and any number of passwords, is as much work as one.
    @Test func aPasswordIsComparedWithAsManyAlways() throws {
        let table = SessionBench.daemon().users
        for count in [0, 1, UserLimits.passwords] {
            let rules = ["on", "resetpass"] + (0..<count).map { ">\($0)" }
            try table.set(Array("u".utf8), rules.map { Array($0.utf8) }, exposedHost: nil)
            let user = try #require(table.user("u"))
            #expect(user.comparedPasswords.count == UserLimits.passwords)
            #expect(user.comparedPasswords.prefix(count).elementsEqual(user.definition.passwords))
            #expect((table.authenticate("u", password: Array("0".utf8).span.bytes) != nil) == (count > 0))
            #expect(table.authenticate("u", password: Array("".utf8).span.bytes) == nil)
        }
        #expect(table.compared(with: nil).comparedPasswords.count == UserLimits.passwords)
        #expect(table.authenticate("nobody", password: Array("".utf8).span.bytes) == nil)
        #expect(table.authenticate(nil, password: Array("0".utf8).span.bytes) == nil)
    }

    /// Redis looks at the first section alone.
    @Test func everySectionOfInfoMustBeAllowed() {
        let daemon = SessionBench.daemon { ($0.adminPassword, $0.readerPassword) = ("a", "r") }
        let (admin, reader) = (Self.client(daemon, "admin", "a"), Self.client(daemon, "reader", "r"))
        for sections in [["server"], ["SERVER", "memory"], ["memory", "persistence", "replication", "Server"]] {
            #expect(text(reader.converse([encode(["INFO"] + sections)])).hasPrefix("$"), "\(sections)")
            #expect(text(admin.converse([encode(["ACL", "DRYRUN", "reader", "INFO"] + sections)])) == "+OK\r\n")
        }
        for sections in [
            ["server", "everything"], ["server", "memory", "commandstats"], ["server", "clients"], ["clients"], [],
            ["server", ""], ["server", "server2"],
        ] {
            let reply = text(reader.converse([encode(["INFO"] + sections)]))
            #expect(reply == Self.noPermission + "'info' command\r\n", "\(sections)")
            let dry = text(admin.converse([encode(["ACL", "DRYRUN", "reader", "INFO"] + sections)]))
            #expect(dry.contains("no permissions to run the 'info' command"), "\(sections)")
        }
    }

    @Test func theLogIsBounded() {
        let log = DenialLog(maximum: 3)
        for number in 0..<10 { log.add(.command, Array("\(number)".utf8), user: Array("u".utf8), at: 0, client: "") }
        #expect(log.newest(100).map { text($0.object) } == ["9", "8", "7"])
        log.add(.command, Array("8".utf8), user: Array("u".utf8), at: 60_000, client: "new")
        log.add(.command, Array("9".utf8), user: Array("u".utf8), at: 60_001, client: "")
        #expect(log.newest(100).map { "\(text($0.object)) \($0.count)" } == ["9 1", "8 2", "9 1"])
        #expect(log.newest(2).count == 2 && log.newest(2)[1].client == "new")
        log.add(
            .command, Array(repeating: 0x61, count: 1000), user: Array(repeating: 0x75, count: 1000), at: 0,
            client: "")
        #expect(log.newest(1)[0].object.count == 128 && log.newest(1)[0].user.count == 128)
        log.maximum.store(0, ordering: .relaxed)
        log.add(.key, [], user: Array("u".utf8), at: 0, client: "")
        #expect(log.newest(100).isEmpty)
    }
}
