import Persistence
import Synchronization
import Testing

@testable import RevokedServer

/// `LEASE READER`: whether what a connection reads of revocations may be answered for it.
@Suite struct ReaderRightsTests {
    private static let reads = ["+get", "+mget", "+exists", "+ttl"]

    private let admin = SessionBench()

    private func ask(_ bench: SessionBench, _ prefix: String = "revoked:") -> String {
        let reply = bench.ask("LEASE", "READER", prefix)
        let epoch = admin.daemon.identity.withLock { $0?.text } ?? ""
        let end = "$\(epoch.utf8.count)\r\n\(epoch)\r\n"
        guard reply.hasPrefix("*2\r\n"), reply.hasSuffix(end) else { return reply }
        return String(reply.dropFirst("*2\r\n".count).dropLast(end.count))
    }

    private func user(_ rules: [String]) -> SessionBench {
        _ = admin.converse([encode(["ACL", "SETUSER", "u", "reset", "on", ">p"] + rules)])
        let bench = SessionBench(admin.daemon)
        #expect(bench.ask("AUTH", "u", "p") == "+OK\r\n")
        return bench
    }

    @Test func itIsTheVersionOfTheProtocol() {
        #expect(ask(admin) == ":2\r\n")
        _ = admin.ask("HELLO", "3")
        #expect(ask(admin) == ":3\r\n")
        // Of a copy of other keys nothing may be answered.
        #expect(ask(admin, "revoked") == ":0\r\n" && ask(admin, "denied:") == ":0\r\n")
    }

    @Test(arguments: [
        ["allkeys", "allcommands"], reads + ["allkeys"], reads + ["%R~revoked:*", "%R~revoked.epoch"],
        reads + ["~rev*"], reads + ["%R~*"],
        ["+get", "+exists", "~revoked:*", "~revoked.*", "(+mget +ttl ~*)"],
    ])
    func whoeverMayReadThemAll(_ rules: [String]) { #expect(ask(user(rules)) == ":2\r\n") }

    @Test(arguments: [
        [], reads, ["+get", "+mget", "+exists", "allkeys"], reads + ["%R~revoked:jti:*", "%R~revoked.*"],
        reads + ["%R~revoked:*"], reads + ["%W~revoked:*", "%R~revoked.*"], reads + ["%R~revoked:?*", "%R~revoked.*"],
        reads + ["%R@token", "%R@session", "%R~revoked.*"], ["+get", "+mget", "+ttl", "~*", "(+exists ~revoked.*)"],
        ["allcommands", "allkeys", "-ttl"], reads + ["~revoked:", "~revoked.epoch"],
    ])
    func whoeverMayNot(_ rules: [String]) { #expect(ask(user(rules)) == ":0\r\n") }

    @Test(arguments: [BuiltInUser.reader, .writer, .operator, .admin]) func usersWhoCheck(_ name: BuiltInUser) {
        _ = admin.ask("ACL", "SETUSER", name.rawValue, "on", ">p")
        let bench = SessionBench(admin.daemon)
        _ = bench.ask("AUTH", name.rawValue, "p")
        #expect(ask(bench) == ":2\r\n")
    }

    @Test func rightsThatAreTakenAwayAreGone() {
        let reader = user(Self.reads + ["~*"])
        #expect(ask(reader) == ":2\r\n")
        _ = admin.ask("ACL", "SETUSER", "u", "-exists")
        #expect(ask(reader) == ":0\r\n")
    }

    @Test func whoeverIsNobodyIsToldNothing() {
        _ = admin.ask("ACL", "SETUSER", "default", ">p")
        #expect(ask(SessionBench(admin.daemon)) == "-NOAUTH Authentication required.\r\n")
    }

    /// What is read then is more than a question and an answer.
    @Test func statesInWhichTheConnectionHasToBeAsked() {
        for command in [["SUBSCRIBE", "x"], ["CLIENT", "TRACKING", "ON"], ["MONITOR"]] {
            let bench = SessionBench(admin.daemon)
            _ = bench.ask("HELLO", "3")
            #expect(ask(bench) == ":3\r\n")
            _ = bench.converse([encode(command)])
            #expect(!ask(bench).contains(":3"), "\(command)")
        }
        let bench = SessionBench(admin.daemon)
        _ = bench.ask("MULTI")
        #expect(ask(bench) == "-ERR Command not allowed inside a transaction\r\n")
    }

    /// Messages of others would come between any two answers.
    @Test func whoeverGetsInvalidationsOfOthersHasToBeAsked() {
        let (target, tracker) = (SessionBench(admin.daemon), SessionBench(admin.daemon))
        _ = target.ask("HELLO", "3")
        #expect(ask(target) == ":3\r\n")
        #expect(tracker.ask("CLIENT", "TRACKING", "ON", "REDIRECT", "\(target.id)") == "+OK\r\n")
        #expect(ask(target) == ":0\r\n" && ask(admin) == ":2\r\n")
        _ = tracker.ask("CLIENT", "TRACKING", "OFF")
        #expect(ask(target) == ":3\r\n")
        _ = tracker.ask("CLIENT", "TRACKING", "ON", "REDIRECT", "\(target.id)")
        #expect(ask(target) == ":0\r\n")
        tracker.end()
        #expect(ask(target) == ":3\r\n")
    }

    @Test func dryRunsSayThatEveryoneMayAsk() {
        _ = user([])
        #expect(admin.ask("ACL", "DRYRUN", "u", "LEASE", "READER", "revoked:") == "+OK\r\n")
        #expect(admin.ask("ACL", "DRYRUN", "u", "LEASE", "RELEASE", "x") != "+OK\r\n")
    }
}
