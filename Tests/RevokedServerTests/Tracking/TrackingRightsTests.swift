import Testing

@testable import RevokedServer

/// Names of keys are told to those alone who may read them.
@Suite struct TrackingRightsTests {
    private let daemon = SessionBench.daemon()
    private let writer: SessionBench

    init() { writer = SessionBench(daemon) }

    private func invalidation(_ key: String) -> String {
        ">2\r\n$10\r\ninvalidate\r\n*1\r\n$\(key.utf8.count)\r\n\(key)\r\n"
    }

    /// A client of this user, which speaks RESP3.
    private func client(_ user: String) -> SessionBench {
        let bench = SessionBench(daemon)
        #expect(bench.ask("HELLO", "3", "AUTH", user, "x").contains("proto"))
        return bench
    }

    private func setUser(_ name: String, _ rules: String...) {
        #expect(text(writer.converse([encode(["ACL", "SETUSER", name, "on", "nopass"] + rules)])) == "+OK\r\n")
    }

    @Test func whoMayNotReadAllKeysHearsOfNone() {
        _ = writer.ask("ACL", "SETUSER", "bob", "on", "nopass", "+@all", "~a*")
        let bob = SessionBench(daemon)
        _ = bob.ask("AUTH", "bob", "x")
        _ = bob.ask("HELLO", "3")
        #expect(bob.ask("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a").hasPrefix("-NOPERM"))
        _ = writer.ask("ACL", "SETUSER", "bob", "allkeys")
        #expect(bob.ask("CLIENT", "TRACKING", "ON", "BCAST") == "+OK\r\n")
        _ = writer.ask("SET", "b", "1")
        #expect(bob.mail() == invalidation("b"))
        _ = writer.ask("ACL", "SETUSER", "bob", "resetkeys", "~a*")
        _ = writer.ask("SET", "b", "2")
        // It would believe what it has read: whoever is not told any more is closed.
        #expect(bob.mail() == "")
        #expect(bob.ask("PING") == "" && bob.isClosed)
        #expect(daemon.tracking.figures.prefixes == 0)
    }

    @Test(arguments: [["AUTH", "carol", "x"], ["HELLO", "3", "AUTH", "carol", "x"]])
    func whoBecomesSomebodyWhoMayNotReadAllKeysIsClosed(_ words: [String]) {
        _ = writer.ask("ACL", "SETUSER", "carol", "on", "nopass", "+@all", "~a*")
        let listener = SessionBench(daemon)
        _ = listener.ask("HELLO", "3")
        #expect(listener.ask("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "b") == "+OK\r\n")
        #expect(!text(listener.converse([encode(words)])).hasPrefix("-") && listener.isClosed)
        _ = writer.ask("SET", "b", "1")
        #expect(listener.mail() == "" && daemon.tracking.figures.prefixes == 0)
    }

    /// Another client is no more told for it: neither by the next change nor by one that was not told of yet.
    @Test(arguments: ["ACL SETUSER bob resetkeys ~a*", "ACL SETUSER bob -get", "ACL DELUSER bob"])
    func nothingIsToldForWhomMayNotReadAllKeys(_ change: String) {
        setUser("bob", "+@all", "~*")
        let (tracker, own, target) = (client("bob"), client("bob"), SessionBench(daemon))
        _ = target.ask("HELLO", "3")
        #expect(tracker.ask("CLIENT", "TRACKING", "ON", "BCAST", "REDIRECT", "\(target.id)") == "+OK\r\n")
        #expect(own.ask("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "unused") == "+OK\r\n")
        _ = writer.ask("SETEX", "revoked:jti:1", "100", "logout")
        #expect(target.mail() == invalidation("revoked:jti:1"))
        daemon.tracking.changed(Array("revoked:jti:2".utf8).span.bytes, by: writer.id)
        _ = writer.converse([encode(change.split(separator: " ").map(String.init))])
        _ = writer.ask("SETEX", "revoked:jti:3", "100", "logout")
        #expect(target.mail() == "" && !target.isListening)
        #expect(tracker.wasEnded && own.wasEnded && daemon.tracking.figures.clients == 0)
        #expect(tracker.ask("PING") == "")
    }

    /// Those who still may go on, and so does one that remembers what it has read.
    @Test func othersGoOn() {
        setUser("bob", "+@all", "~*")
        let (tracker, reader) = (client("bob"), client("bob"))
        #expect(tracker.ask("CLIENT", "TRACKING", "ON", "BCAST") == "+OK\r\n")
        #expect(reader.ask("CLIENT", "TRACKING", "ON") == "+OK\r\n")
        _ = reader.ask("GET", "a")
        setUser("bob", "-set")
        setUser("carol", "+@all", "~a*")
        _ = writer.ask("SET", "a", "1")
        #expect(tracker.mail() == invalidation("a") && reader.mail() == invalidation("a"))
        setUser("bob", "resetkeys", "~a*")
        _ = reader.ask("GET", "a")
        _ = writer.ask("SET", "a", "2")
        #expect(tracker.wasEnded && !reader.wasEnded && reader.mail() == invalidation("a"))
    }

    @Test(arguments: [
        ["~*"], ["%R~*"], ["%R~*", "%W~x*"], ["%RW~*"], ["~foo*", "(+get ~*)"], ["-@all", "+client", "(+@read %R~*)"],
    ])
    func whoeverMayGetEveryKeyMayHearOfAll(_ rules: [String]) { hears(rules, true) }

    @Test(arguments: [
        ["%W~*"], ["~foo*", "(~* -@all +set)"], ["~foo*", "(~* -@all +ping)"], ["-@all", "+client", "~*"],
        ["~*", "-get"], ["%R~a*", "%W~*"], ["%R@token"], ["~foo*", "(+get|x ~*)"],
    ])
    func whoeverMayNotHearsOfNone(_ rules: [String]) { hears(rules, false) }

    private func hears(_ rules: [String], _ isAllowed: Bool) {
        _ = writer.converse([encode(["ACL", "SETUSER", "u", "reset", "on", "nopass", "&*", "+@all"] + rules)])
        let bench = SessionBench(daemon)
        #expect(bench.ask("AUTH", "u", "x") == "+OK\r\n")
        let reply = bench.ask("CLIENT", "TRACKING", "ON", "BCAST")
        #expect(isAllowed ? reply == "+OK\r\n" : reply.hasPrefix("-NOPERM"), "\(rules)")
        // The rule is that of GET.
        #expect(bench.ask("GET", "bar").hasPrefix("-NOPERM") != isAllowed, "\(rules)")
    }

    /// What was refused was not read.
    @Test(arguments: [
        ["GET", "b"], ["OBJECT", "ENCODING", "b"], ["OBJECT", "FREQ", "b"], ["MEMORY", "USAGE", "b"],
        ["MEMORY", "USAGE", "b", "SAMPLES", "1"], ["MGET", "a", "b"], ["GETRANGE", "b", "0", "1"],
    ])
    func aKeyThatMayNotBeReadIsNotRemembered(_ words: [String]) {
        setUser("bob", "+@all", "~a*")
        let bob = client("bob")
        #expect(bob.ask("CLIENT", "TRACKING", "ON") == "+OK\r\n")
        #expect(text(bob.converse([encode(words)])).hasPrefix("-NOPERM"))
        _ = bob.ask("MULTI")
        _ = bob.converse([encode(words)])
        _ = bob.ask("EXEC")
        _ = writer.ask("MSET", "a", "1", "b", "1")
        #expect(bob.mail() == "" && daemon.tracking.figures.keys == 0)
    }

    /// Nor what was only queued.
    @Test func aSubcommandRemembersItsKeyWhenItIsExecuted() {
        setUser("bob", "+@all", "~a*")
        let bob = client("bob")
        _ = bob.ask("CLIENT", "TRACKING", "ON")
        _ = bob.ask("MULTI")
        #expect(bob.ask("OBJECT", "ENCODING", "a") == "+QUEUED\r\n")
        #expect(daemon.tracking.figures.keys == 0)
        #expect(bob.ask("EXEC") == "*1\r\n_\r\n")
        _ = writer.ask("SET", "a", "1")
        #expect(bob.mail() == invalidation("a"))
    }
}
