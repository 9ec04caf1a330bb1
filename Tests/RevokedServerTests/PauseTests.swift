import TestSupport
import Testing

@testable import RevokedServer

/// `CLIENT PAUSE` and `CLIENT REPLY`.
@Suite struct PauseTests {
    private let clock = TestClock()
    private let daemon: Daemon
    private let admin: SessionBench
    private let client: SessionBench

    init() {
        daemon = SessionBench.daemon(time: clock.source)
        (admin, client) = (SessionBench(daemon), SessionBench(daemon))
    }

    private func send(_ words: String...) -> (reply: String, outcome: SessionBench.Outcome) {
        let (reply, outcome) = client.receive(encode(words))
        return (text(reply), outcome)
    }

    private func resume() -> (reply: String, outcome: SessionBench.Outcome) {
        let (reply, outcome) = client.resume()
        return (text(reply), outcome)
    }

    @Test func writesWaitUntilThePauseEnds() {
        #expect(admin.ask("CLIENT", "PAUSE", "5000", "WRITE") == "+OK\r\n")
        #expect(send("GET", "k") == ("$-1\r\n", .open))
        #expect(send("SET", "k", "v") == ("", .stalled))
        #expect(admin.ask("INFO", "clients").contains("blocked_clients:1\r\n"))
        #expect(admin.ask("CLIENT", "LIST").contains("flags=b "))
        #expect(admin.ask("GET", "k") == "$-1\r\n")
        #expect(resume() == ("", .stalled))
        clock.advance(.seconds(4))
        #expect(!daemon.pause.endIfDue(at: daemon.clock.uptime()))
        clock.advance(.seconds(1))
        #expect(daemon.pause.endIfDue(at: daemon.clock.uptime()))
        #expect(resume() == ("+OK\r\n", .open))
        #expect(admin.ask("INFO", "clients").contains("blocked_clients:0\r\n"))
        #expect(daemon.conditions.now.isEmpty)
    }

    @Test func everythingWaitsButItsEnd() {
        #expect(admin.ask("CLIENT", "PAUSE", "5000") == "+OK\r\n")
        #expect(send("GET", "k") == ("", .stalled))
        // A shorter and milder one changes nothing.
        #expect(text(admin.receive(encode(["CLIENT", "PAUSE", "1", "WRITE"])).reply) == "")
        let other = SessionBench(daemon)
        #expect(other.ask("CLIENT", "UNPAUSE") == "+OK\r\n")
        #expect(resume() == ("$-1\r\n", .open))
    }

    @Test func aClientThatGoesDoesNotWaitAnyMore() {
        _ = admin.ask("CLIENT", "PAUSE", "5000", "WRITE")
        _ = send("PUBLISH", "news", "x")
        #expect(admin.ask("INFO", "clients").contains("blocked_clients:1\r\n"))
        client.end()
        #expect(admin.ask("INFO", "clients").contains("blocked_clients:0\r\n"))
    }

    @Test func aLaterEndHolds() {
        _ = admin.ask("CLIENT", "PAUSE", "5000", "WRITE")
        _ = admin.ask("CLIENT", "PAUSE", "1000", "WRITE")
        clock.advance(.seconds(2))
        #expect(!daemon.pause.endIfDue(at: daemon.clock.uptime()))
        clock.advance(.seconds(3))
        #expect(daemon.pause.endIfDue(at: daemon.clock.uptime()))
    }

    // MARK: CLIENT REPLY

    @Test func repliesAreLeftOut() {
        #expect(client.ask("CLIENT", "REPLY", "OFF") == "")
        for words in [["SET", "k", "v"], ["GET"], ["FOO"], ["CLIENT", "REPLY", "SKIP"], ["PING"]] {
            #expect(client.converse([encode(words)]) == [], "\(words)")
        }
        #expect(client.ask("CLIENT", "REPLY", "ON") == "+OK\r\n")
        #expect(client.ask("GET", "k") == "$1\r\nv\r\n")
        let pipeline = [["CLIENT", "REPLY", "SKIP"], ["GET", "k"], ["PING"]].flatMap(encode)
        #expect(text(client.converse([pipeline])) == "+PONG\r\n")
        #expect(
            text(client.converse([encode(["CLIENT", "REPLY", "SKIP"]) + encode(["FOO"]) + encode(["PING"])]))
                == "+PONG\r\n")
        _ = client.ask("CLIENT", "REPLY", "OFF")
        #expect(client.ask("RESET") == "+RESET\r\n")
    }

    /// Messages come all the same.
    @Test func messagesAreNoReplies() {
        _ = client.ask("CLIENT", "REPLY", "OFF")
        #expect(client.ask("SUBSCRIBE", "news").hasSuffix(":1\r\n"))
        #expect(admin.ask("PUBLISH", "news", "x") == ":1\r\n")
        #expect(client.mail() == "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1\r\nx\r\n")
    }
}
