import Testing

@testable import RevokedServer

/// What a connection may subscribe to, and what it is told.
@Suite struct SubscriptionTests {
    private static let message = "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n"

    @Test func aMessageWaitsForWhoIsSubscribed() {
        let daemon = SessionBench.daemon()
        let (subscriber, publisher) = (SessionBench(daemon), SessionBench(daemon))
        #expect(subscriber.ask("SUBSCRIBE", "news") == "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n")
        #expect(publisher.ask("PUBLISH", "news", "hi") == ":1\r\n")
        #expect(subscriber.mail() == Self.message)
        #expect(subscriber.mail() == "")
        // What was posted before it unsubscribed does not come after the answer.
        #expect(publisher.ask("PUBLISH", "news", "hi") == ":1\r\n")
        _ = subscriber.ask("UNSUBSCRIBE", "news")
        #expect(subscriber.mail() == "")
        #expect(daemon.mail.bytes == 0)
    }

    @Test func aConnectionThatIsGoneIsSubscribedToNothing() {
        let daemon = SessionBench.daemon()
        let (subscriber, publisher) = (SessionBench(daemon), SessionBench(daemon))
        _ = subscriber.ask("SUBSCRIBE", "a", "b")
        _ = subscriber.ask("PSUBSCRIBE", "*")
        #expect(daemon.channels.memory > 0)
        subscriber.end()
        #expect(publisher.ask("PUBLISH", "a", "hi") == ":0\r\n")
        #expect(publisher.ask("PUBSUB", "CHANNELS") == "*0\r\n")
        #expect(publisher.ask("PUBSUB", "NUMPAT") == ":0\r\n")
        #expect(daemon.channels.memory == 0 && !daemon.channels.hasSubscribers)
    }

    /// Who reads that a connection is closed, or closes it, is told of one receiver less at once.
    @Test func aConnectionThatIsBeingClosedIsNotCounted() {
        let daemon = SessionBench.daemon()
        let (publisher, killed, leaves) = (SessionBench(daemon), SessionBench(daemon), SessionBench(daemon))
        for bench in [killed, leaves] {
            _ = bench.ask("HELLO", "3")
            _ = bench.ask("SUBSCRIBE", "news")
            _ = bench.ask("PSUBSCRIBE", "n*")
            _ = bench.ask("SSUBSCRIBE", "news")
        }
        #expect(publisher.ask("PUBLISH", "news", "hi") == ":4\r\n")
        #expect(publisher.ask("CLIENT", "KILL", "ID", "\(killed.id)") == ":1\r\n")
        #expect(publisher.ask("PUBLISH", "news", "hi") == ":2\r\n")
        #expect(publisher.ask("SPUBLISH", "news", "hi") == ":1\r\n")
        #expect(leaves.ask("QUIT") == "+OK\r\n")
        #expect(publisher.ask("PUBLISH", "news", "hi") == ":0\r\n")
        #expect(killed.mail() == "" && leaves.mail() == "")
    }

    /// Each message is matched with all patterns: all connections together have so many, long ones count more.
    @Test func patternsOfAllAreBounded() {
        let daemon = SessionBench.daemon()
        var (benches, taken) = ([SessionBench](), 0)
        for client in 0..<20 {
            let bench = SessionBench(daemon)
            benches.append(bench)
            for number in 0..<1000 where !bench.ask("PSUBSCRIBE", "*\(client)-\(number)").hasPrefix("-ERR") {
                taken += 1
            }
        }
        #expect(taken == 1 << 11)
        // One that is there already costs nothing more.
        #expect(benches[19].ask("PSUBSCRIBE", "*0-0").hasSuffix(":1\r\n"))
        #expect(SessionBench(daemon).ask("PUBLISH", "0-0", "x") == ":2\r\n")
        benches[0].end()
        #expect(benches[19].ask("PSUBSCRIBE", "more").hasSuffix(":2\r\n"))
        for bench in benches { bench.end() }
        #expect(daemon.channels.memory == 0 && !daemon.channels.hasSubscribers)
        let next = SessionBench(daemon)
        #expect(next.ask("PSUBSCRIBE", "a*").hasSuffix(":1\r\n"))
        #expect(SessionBench(daemon).ask("PUBLISH", "ab", "x") == ":1\r\n")
        #expect(next.mail().contains("pmessage"))
    }

    @Test func subscriptionsAreBounded() {
        let daemon = SessionBench.daemon { $0.maximumSubscriptions = 3 }
        let client = SessionBench(daemon)
        let replies = client.ask("SUBSCRIBE", "a", "b", "c", "d")
        #expect(replies.hasSuffix(":3\r\n-ERR too many subscriptions: unsubscribe from others first\r\n"))
        #expect(client.ask("SUBSCRIBE", "a").hasSuffix(":3\r\n"))
        #expect(client.ask("SSUBSCRIBE", "d").hasPrefix("-ERR too many subscriptions"))
        _ = client.ask("UNSUBSCRIBE", "a")
        #expect(client.ask("SSUBSCRIBE", "d").hasSuffix(":1\r\n"))
        let long = String(repeating: "x", count: 5000)
        #expect(client.ask("SUBSCRIBE", long) == "-ERR the name of a channel is longer than 4096 bytes\r\n")
        #expect(client.ask("PSUBSCRIBE", long) == "-ERR the name of a channel is longer than 1024 bytes\r\n")
    }

    /// All connections together take no more than a part of what clients may.
    @Test func subscriptionsOfAllAreBounded() {
        let daemon = SessionBench.daemon { $0.maximumMemory = 1 << 20 }
        #expect(daemon.memory.subscriptionLimit == 16 << 20)
        let name = String(repeating: "x", count: 4000)
        var refused = 0
        for client in 0..<3 {
            let bench = SessionBench(daemon)
            for number in 0..<1000 where bench.ask("SUBSCRIBE", "\(client) \(number) \(name)").hasPrefix("-ERR") {
                refused += 1
            }
        }
        #expect(refused > 900)
        #expect(daemon.channels.memory <= 16 << 20)
    }

    // MARK: Users

    @Test func aUserListensToItsChannelsAlone() {
        let daemon = SessionBench.daemon()
        let (admin, client) = (SessionBench(daemon), SessionBench(daemon))
        _ = admin.ask("ACL", "SETUSER", "bob", "on", "nopass", "+@all", "~*", "resetchannels", "&news.*")
        #expect(client.ask("AUTH", "bob", "x") == "+OK\r\n")
        #expect(client.ask("SUBSCRIBE", "news.a").hasSuffix(":1\r\n"))
        let denied = "-NOPERM this user has no permissions to access one of the channels used as arguments\r\n"
        #expect(client.ask("SUBSCRIBE", "news.b", "weather") == denied)
        // A pattern has to be one of its own, not one that is matched.
        #expect(client.ask("PSUBSCRIBE", "news.a*") == denied)
        #expect(client.ask("PSUBSCRIBE", "news.*").hasSuffix(":2\r\n"))
        #expect(client.ask("SSUBSCRIBE", "weather") == denied)
        let other = SessionBench(daemon)
        _ = other.ask("AUTH", "bob", "x")
        #expect(other.ask("PUBLISH", "weather", "hi") == denied)
        #expect(other.ask("SPUBLISH", "weather", "hi") == denied)
        #expect(other.ask("PUBLISH", "news.a", "hi") == ":2\r\n")
        #expect(
            admin.ask("ACL", "DRYRUN", "bob", "PUBLISH", "weather", "hi").contains(
                "This user has no permissions to access the 'weather' channel"))
        #expect(admin.ask("INFO", "stats").contains("acl_access_denied_channel:5\r\n"))
    }

    /// A message that comes after the user lost the channel ends the connection, as `ACL SETUSER` does in Redis.
    @Test func whoLosesAChannelIsClosed() {
        let daemon = SessionBench.daemon()
        let (admin, client) = (SessionBench(daemon), SessionBench(daemon))
        _ = admin.ask("ACL", "SETUSER", "bob", "on", "nopass", "+@all", "~*", "&news")
        _ = client.ask("AUTH", "bob", "x")
        _ = client.ask("SUBSCRIBE", "news")
        _ = admin.ask("ACL", "SETUSER", "bob", "&weather")
        _ = admin.ask("PUBLISH", "news", "hi")
        #expect(client.mail() == Self.message)
        _ = admin.ask("ACL", "SETUSER", "bob", "resetchannels")
        _ = admin.ask("PUBLISH", "news", "hi")
        #expect(client.mail() == "")
        #expect(client.isClosed)
    }

    // MARK: CLIENT

    @Test func listTellsWhoIsSubscribed() {
        let daemon = SessionBench.daemon()
        let (admin, client) = (SessionBench(daemon), SessionBench(daemon))
        _ = client.ask("HELLO", "3")
        _ = client.ask("SUBSCRIBE", "a", "b")
        _ = client.ask("PSUBSCRIBE", "*")
        _ = client.ask("SSUBSCRIBE", "a")
        let line = "flags=P db=0 sub=2 psub=1 ssub=1 "
        #expect(client.ask("CLIENT", "INFO").contains(line))
        #expect(admin.ask("CLIENT", "LIST", "TYPE", "pubsub").contains(line))
        #expect(!admin.ask("CLIENT", "LIST", "TYPE", "normal").contains(line))
        #expect(admin.ask("CLIENT", "KILL", "TYPE", "pubsub") == ":1\r\n")
        #expect(client.ask("PING") == "")
    }
}
