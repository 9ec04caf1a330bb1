import NIOCore
import RESP
import Testing

@testable import Following

/// The daemon shows and tells of a revocation as it makes it, and the copy has it later: whoever has learned of it in
/// any way does not get the copy's old answer afterwards, on no connection.
@Suite struct DisclosureTests {
    private typealias Stage = ConversationStage

    private static let key = "revoked:jti:new"

    /// A client that does nothing else, and one that is asked about.
    private static func stages() throws -> (client: Stage, reader: Stage) {
        let all = AllConversations()
        let (client, reader) = (Stage(all), Stage(all))
        try client.prove()
        try reader.prove()
        return (client, reader)
    }

    private static func isAnsweredHere(_ stage: Stage) throws -> Bool {
        stage.send(["GET", key])
        if stage.got == "$-1\r\n" { return stage.took() }
        #expect(stage.took(["GET", key]))
        try stage.answer("$-1\r\n")
        #expect(stage.got == "$-1\r\n")
        return false
    }

    @Test(arguments: [
        (["PTTL", key], ":900000\r\n"), (["MGET", key, "plain"], "*2\r\n$1\r\nx\r\n$-1\r\n"),
        (["STRLEN", key], ":1\r\n"), (["SETEX", key, "900", "x"], "+OK\r\n"), (["DBSIZE"], ":4\r\n"),
        (["KEYS", "*"], "*1\r\n$15\r\nrevoked:jti:new\r\n"), (["EVAL", "script", "0"], "$1\r\nx\r\n"),
        (["SETEX", key, "900", "x"], "-ERR guarded key: it may not end earlier\r\n"),
    ])
    func whatAReplyMayShowIsInTheCopyBeforeItAnswers(_ command: [String], _ reply: String) throws {
        let (client, reader) = try Self.stages()
        client.send(command)
        #expect(try Self.isAnsweredHere(reader))
        try client.answer(reply)
        #expect(client.took(command) && client.got == reply)
        #expect(try !Self.isAnsweredHere(client) && !Self.isAnsweredHere(reader))
        // What is asked meanwhile, and shows nothing new, does not put it off.
        for stage in [client, reader] { stage.copy.change { $0.askedAt = $0.now + 1 } }
        #expect(try Self.isAnsweredHere(client) && Self.isAnsweredHere(reader))
    }

    /// The first check of each connection is asked: it says nothing new if the copy answers the same.
    @Test(arguments: ["$1\r\nx\r\n", "$-1\r\n", "_\r\n"], [true, false])
    func aCheckThatIsAskedIsComparedWithTheCopy(_ reply: String, isInPieces: Bool) throws {
        let all = AllConversations()
        let (client, reader) = (Stage(all), Stage(all))
        try reader.prove()
        client.send(["GET", Self.key])
        if isInPieces {
            for byte in reply.utf8 {
                #expect(client.got == "")
                try client.answer(String(decoding: [byte], as: UTF8.self))
            }
        } else {
            try client.answer(reply)
        }
        #expect(client.got == reply)
        #expect(try Self.isAnsweredHere(reader) == (reply != "$1\r\nx\r\n"))
    }

    @Test func aRevocationThatTheCopyHasIsNoNews() throws {
        let all = AllConversations()
        let (client, reader) = (Stage(all), Stage(all))
        try reader.prove()
        client.send(["MGET", "revoked:jti:gone", Self.key, "revoked.epoch"])
        try client.answer("*3\r\n$6\r\nlogout\r\n$-1\r\n$3\r\ne-1\r\n")
        #expect(try Self.isAnsweredHere(reader))
    }

    @Test(arguments: [
        (["GET", "plain"], "$1\r\nx\r\n"), (["SET", "plain", "x"], "+OK\r\n"), (["PING"], "+PONG\r\n"),
        (["TIME"], "*2\r\n$1\r\n1\r\n$1\r\n1\r\n"), (["MGET", "a", "b"], "*2\r\n$-1\r\n$-1\r\n"),
        (["PTTL", key], "-NOAUTH Authentication required.\r\n"), (["GET", key], "-NOPERM no\r\n"),
    ])
    func whatShowsNoRevocationChangesNothing(_ command: [String], _ reply: String) throws {
        let all = AllConversations()
        let (client, reader) = (Stage(all), Stage(all))
        try reader.prove()
        client.send(command)
        try client.answer(reply)
        #expect(client.got == reply)
        #expect(try Self.isAnsweredHere(reader))
    }

    @Test(arguments: [true, false]) func aTransactionShowsItAtItsEnd(isPipelined: Bool) throws {
        let (client, reader) = try Self.stages()
        let commands = [["MULTI"], ["PTTL", Self.key], ["EXEC"]]
        let replies = ["+OK\r\n", "+QUEUED\r\n", "*1\r\n:900000\r\n"]
        if isPipelined { for command in commands { client.send(command) } }
        for (command, reply) in zip(commands, replies) {
            if !isPipelined { client.send(command) }
            #expect(try Self.isAnsweredHere(reader))
            try client.answer(reply)
        }
        #expect(try !Self.isAnsweredHere(reader))
    }

    @Test func whatWasWatchedIsShownByTheTransaction() throws {
        let (client, reader) = try Self.stages()
        client.send(["WATCH", Self.key], ["MULTI"], ["PING"])
        try client.answer("+OK\r\n+OK\r\n+QUEUED\r\n")
        #expect(try Self.isAnsweredHere(reader))
        client.send(["EXEC"])
        try client.answer("*-1\r\n")
        #expect(try !Self.isAnsweredHere(reader))
    }

    @Test func aTransactionOfPlainKeysChangesNothing() throws {
        let (client, reader) = try Self.stages()
        client.send(["WATCH", "plain"], ["MULTI"], ["SET", "plain", "x"], ["EXEC"])
        try client.answer("+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n")
        #expect(try Self.isAnsweredHere(reader))
    }

    /// Known commands that have one reply make no listener.
    @Test(arguments: [
        ["LATENCY", "LATEST"], ["READONLY"], ["CLIENT", "TRACKINGINFO"], ["FUNCTION", "LIST"], ["PUBSUB", "NUMPAT"],
        ["LEASE", "RECEIPT"], ["SLOWLOG", "LEN"], ["CLUSTER", "INFO"],
    ])
    func behindACommandOfOneReplyChecksAreAnswered(_ command: [String]) throws {
        let (client, reader) = try Self.stages()
        client.send(command)
        try client.answer("+OK\r\n")
        #expect(client.took(command) && client.got == "+OK\r\n" && !client.conversation.isPassedThrough)
        // Its slow commands may name a revocation, and the key counts of a cluster may include it.
        let isNews = ["SLOWLOG", "CLUSTER"].contains(command[0])
        #expect(try Self.isAnsweredHere(reader) == !isNews)
    }

    /// A message counts as it comes, whether the listener stays or goes.
    @Test(
        arguments: [["PSUBSCRIBE", "__keyspace@0__:revoked:*"], ["CLIENT", "TRACKING", "ON", "BCAST"], ["MONITOR"]],
        [true, false])
    func whatAListenerHearsIsInTheCopyBeforeItAnswers(_ command: [String], isClosing: Bool) throws {
        let (listener, reader) = try Self.stages()
        listener.send(command)
        #expect(try Self.isAnsweredHere(reader))
        try listener.answer(">2\r\n$10\r\ninvalidate\r\n*1\r\n$15\r\n\(Self.key)\r\n")
        if isClosing { listener.end() }
        #expect(try !Self.isAnsweredHere(reader))
        reader.copy.change { $0.askedAt = $0.now + 1 }
        #expect(try Self.isAnsweredHere(reader))
    }

    /// It may stay as long as it likes, and say what it likes.
    @Test(arguments: ["PING\r\n", "CLUSTER INFO\r\n", "*1\r\n$8\r\nNONSENSE\r\n", "*1\r\n$7\r\nMONITOR\r\n"])
    func aStrangerChangesNothing(_ text: String) throws {
        let all = AllConversations()
        let (stranger, reader) = (Stage(all), Stage(all))
        try reader.prove()
        stranger.send(text)
        try stranger.answer("-NOAUTH Authentication required.\r\n-NOAUTH Authentication required.\r\n")
        try stranger.answer("-ERR Protocol error: unauthenticated bulk length\r\n")
        #expect(stranger.conversation.isPassedThrough)
        #expect(try Self.isAnsweredHere(reader))
        // Who logs in at last is none.
        try stranger.answer("-WRONGPASS no\r\n+OK\r\n")
        #expect(try !Self.isAnsweredHere(reader))
    }
}
