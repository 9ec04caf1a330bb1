import TestSupport
import Testing

/// Whatever a client of `revoked serve --follow` sends, in whatever order and in whatever pieces, is answered as by the
/// daemon.
@Suite(.timeLimit(.minutes(3))) struct CommandOrderTests {
    private static let checks = [
        "GET revoked:jti:there", "GET revoked:jti:none", "MGET revoked:jti:there revoked.epoch revoked:all",
        "EXISTS revoked:jti:there revoked:jti:there", "TTL revoked:jti:none", "GET revoked.epoch",
        "GET revoked:jti:mine", "EXISTS revoked:jti:rotated-mine", "MGET revoked:jti:mine revoked:sub:mine",
    ]
    /// What changes the user, the protocol, the database or the transaction, as it should be and as it is refused.
    private static let changes = [
        "MULTI", "MULTI", "MULTI x", "EXEC", "EXEC", "EXEC x", "DISCARD", "DISCARD x", "WATCH revoked:jti:mine",
        "WATCH", "UNWATCH", "RESET", "RESET x", "HELLO 3", "HELLO 2", "HELLO", "HELLO 9", "HELLO x", "HELLO 3 NONSENSE",
        "HELLO 3 AUTH some s", "HELLO 2 AUTH full f SETNAME a", "HELLO 3 AUTH some wrong", "AUTH some s", "AUTH full f",
        "AUTH few x", "AUTH full wrong", "AUTH", "SELECT 1", "SELECT 0", "SELECT 99", "SELECT", "CLIENT SETNAME a",
        "CLIENT SETINFO LIB-NAME x", "CLIENT NO-TOUCH ON",
    ]
    private static let others = [
        "PING", "ECHO x", "GET plain:mine", "SET plain:mine 1", "MGET revoked:jti:there plain:mine", "MGET", "GET",
        "TTL", "SETEX revoked:jti:mine 600 logout", "SET revoked:jti:rotated-mine rotated:1:next EX 600 NX",
        "SETEX revoked:jti:mine x y", "DEL revoked:jti:mine", "GETEX revoked:jti:mine", "STRLEN revoked:jti:there",
    ]

    /// Of own keys each of the two connections has its own.
    private static func twin(_ command: String) -> WireCommand {
        WireCommand(text: command.replacing("mine", with: "else"))
    }

    /// What `HELLO` says of a connection's number is another for each.
    private static func comparable(_ reply: Bytes) -> String {
        readable(reply, limit: .max).replacing(/id\\r\\n:[0-9]+/, with: "id")
    }

    @Test func everyOrderIsAnsweredAsByTheDaemon() async throws {
        let data = try DataFolder()
        let daemon = try data.start(environment: [
            "REVOKED_ADMIN_PASSWORD": "a", "REVOKED_FOLLOWER_PASSWORD": "f", "REVOKED_REQUIREPASS": "d",
        ])
        let follower = try FollowerUnderTest(of: daemon.port, environment: ["REVOKED_FOLLOW_PASSWORD": "f"])
        let (admin, first) = (try daemon.connect(), try follower.connect())
        try admin.expect("AUTH admin a", "+OK")
        try admin.expect("ACL SETUSER full on >f allkeys allcommands", "+OK")
        try admin.expect("ACL SETUSER few on >x allkeys allcommands -multi -exec -discard -reset -hello", "+OK")
        try admin.expect(
            "ACL SETUSER some on >s +get +mget +exists +ttl +multi +exec %R~revoked:jti:* %R~revoked.*", "+OK")
        try admin.expect("SETEX revoked:jti:there 6000 logout", "+OK")
        try first.expect("AUTH full f", "+OK")
        try await follower.waitUntilItAnswers(first)
        let before = try await follower.answered()
        var random = SeededGenerator(seed: 11)
        for round in 0..<80 {
            // Behind a reply that may show what the copy does not have, checks are passed on for a while.
            let beginsWithChecks = round % 4 == 0
            if beginsWithChecks { try await follower.waitUntilItAnswers(first) }
            let (direct, client) = (try daemon.connect(), try follower.connect())
            var sent = ["AUTH full f", "GET revoked:jti:none"]
            for command in sent { try client.expect(WireCommand(text: command), "…") }
            for command in sent { try direct.expect(Self.twin(command), "…") }
            for turn in 0..<30 {
                let burst = (0..<random.number(1..<5)).map { _ in
                    let kind = random.number(0..<(beginsWithChecks && turn < 15 ? 6 : 10))
                    return random.pick(kind < 6 ? Self.checks : kind < 8 ? Self.changes : Self.others)
                }
                sent += burst
                try client.send(burst.flatMap { WireCommand(text: $0).encoded })
                try direct.send(burst.flatMap { Self.twin($0).encoded })
                for command in burst {
                    let (reply, expected) = (Self.comparable(try client.reply()), Self.comparable(try direct.reply()))
                    try #require(reply == expected, "\(command) of round \(round): \(sent.suffix(30))")
                }
            }
        }
        #expect(try await follower.answered() > before + 200)
    }
}
