import NIOCore
import RESP
import Testing

@testable import Following

/// What is answered here, and what is passed on in which order.
@Suite struct ConversationTests {
    private typealias Stage = ConversationStage

    private static let epoch = "revoked.epoch"

    @Test func checksOfRevocationsAreAnsweredHere() throws {
        let stage = Stage()
        try stage.prove()
        stage.send(
            ["MGET", "revoked:jti:a", "revoked:jti:gone", Self.epoch], ["get", "revoked:jti:gone"],
            ["EXISTS", "revoked:jti:gone", "revoked:jti:gone", "revoked:sid:a", Self.epoch],
            ["TTL", "revoked:jti:gone"],
            ["TTL", "revoked:jti:a"], ["TTL", Self.epoch], ["GET", Self.epoch], ["GET", "revoked:jti:a"])
        #expect(
            stage.got
                == "*3\r\n$-1\r\n$6\r\nlogout\r\n$3\r\ne-1\r\n$6\r\nlogout\r\n:3\r\n:61\r\n:-2\r\n:-1\r\n$3\r\ne-1\r\n$-1\r\n"
        )
        #expect(stage.took() && stage.copy.counts.local == 8)
    }

    @Test func repliesAreInTheProtocolThatTheDaemonSays() throws {
        let stage = Stage()
        try stage.prove(3)
        stage.send(["MGET", "revoked:jti:a", Self.epoch])
        #expect(stage.got == "*2\r\n_\r\n$3\r\ne-1\r\n")
    }

    @Test(arguments: [
        ["MGET", "revoked:jti:a", "plain"], ["GET", "plain"], ["EXISTS", "revoked.terms", "revoked:jti:a"],
        ["GET", "revoked:jti:a", "b"], ["TTL", "revoked:jti:a", "b"], ["MGET"], ["EXISTS"], ["PTTL", "revoked:jti:a"],
        ["STRLEN", "revoked:jti:a"], ["TIME"], ["PING"], ["SETEX", "revoked:jti:a", "60", "logout"],
        ["MGET"] + (0...ConversationLimits.keys).map { "revoked:jti:\($0)" },
    ])
    func allElseIsPassedOn(_ command: [String]) throws {
        let stage = Stage()
        try stage.prove()
        stage.send(command)
        #expect(stage.took(command) && stage.got == "" && stage.copy.counts.local == 0)
    }

    @Test func nothingIsAnsweredBeforeWhatCameBefore() throws {
        let stage = Stage()
        try stage.prove()
        stage.send(["GET", "revoked:jti:gone"], ["PING"], ["GET", "revoked:jti:gone"], ["GET", "plain"])
        #expect(stage.got == "$6\r\nlogout\r\n")
        #expect(stage.took(["PING"], ["GET", "revoked:jti:gone"], ["GET", "plain"]))
        for piece in ["+PO", "NG\r", "\n$6\r\nlog", "out\r\n"] { try stage.answer(piece) }
        stage.send(["GET", "revoked:jti:gone"])
        #expect(stage.took(["GET", "revoked:jti:gone"]))
        try stage.answer("$1\r\nx\r\n$6\r\nlogout\r\n")
        stage.send(["GET", "revoked:jti:gone"])
        #expect(stage.took() && stage.got == "+PONG\r\n$6\r\nlogout\r\n$1\r\nx\r\n$6\r\nlogout\r\n$6\r\nlogout\r\n")
    }

    @Test func withoutALeaseEverythingIsPassedOn() throws {
        let stage = Stage()
        try stage.prove()
        stage.copy.change { $0.lease = nil }
        stage.send(["GET", "revoked:jti:gone"])
        #expect(stage.took(["GET", "revoked:jti:gone"]) && stage.got == "")
    }

    /// It is lost and regained between the look-up and the answer.
    @Test(arguments: [["GET", "revoked:jti:a"], ["MGET", "revoked:jti:a", epoch], ["EXISTS", "revoked:jti:a"]])
    func aLeaseIsTheSameBeforeAndAfter(_ command: [String]) throws {
        let stage = Stage()
        try stage.prove()
        stage.copy.change { $0.afterReading = { $0.lease = 2 } }
        stage.send(command)
        #expect(stage.took(command) && stage.got == "")
        stage.copy.change { $0.afterReading = nil }
        try stage.answer(":1\r\n")
        stage.copy.change { $0.askedAt = $0.now + 1 }
        stage.send(command)
        #expect(stage.took() && stage.got != "")
    }

    @Test func nobodyIsAnsweredWhoMayNotRead() throws {
        let stage = Stage()
        try stage.prove(0)
        stage.send(["GET", "revoked:jti:gone"])
        #expect(stage.took(["GET", "revoked:jti:gone"]))
        try stage.answer("-NOPERM\r\n")
        #expect(stage.got == "-NOPERM\r\n")
        // The daemon is asked again, after a while.
        stage.copy.change { $0.now += ReadingRights.renewal }
        stage.send(["GET", "revoked:jti:gone"])
        #expect(stage.took(["GET", "revoked:jti:gone"], asking: true))
    }

    /// The client's connection and the copy's lead to two daemons.
    @Test func nothingIsAnsweredFromACopyOfAnotherDenylist() throws {
        let stage = Stage()
        stage.copy.change { $0.epoch = "other" }
        try stage.prove()
        stage.send(["GET", "revoked:jti:gone"])
        #expect(stage.took(["GET", "revoked:jti:gone"]) && stage.got == "")
        try stage.answer("$6\r\nlogout\r\n")
        stage.copy.change { $0.epoch = "e-1" }
        stage.send(["GET", "revoked:jti:gone"])
        #expect(stage.took() && stage.got == "$6\r\nlogout\r\n$6\r\nlogout\r\n")
    }

    @Test func rightsAreAskedForAgainWithoutAnyWait() throws {
        let stage = Stage()
        try stage.prove()
        stage.copy.change { $0.now += ReadingRights.renewal }
        stage.send(["GET", "revoked:jti:gone"])
        #expect(stage.took(asking: true) && stage.got == "$6\r\nlogout\r\n")
        stage.send(["GET", "revoked:jti:gone"])
        #expect(stage.took() && stage.got == "$6\r\nlogout\r\n")
        stage.copy.change { $0.now += ReadingRights.renewal }
        // The answer is late: what was proven before counts no more.
        stage.send(["GET", "revoked:jti:gone"])
        #expect(stage.took(["GET", "revoked:jti:gone"]) && stage.got == "")
        try stage.answer(Stage.rights(0) + "$1\r\nx\r\n")
        #expect(stage.got == "$1\r\nx\r\n")
    }

    @Test(arguments: [["AUTH", "a", "b"], ["HELLO", "3"], ["SELECT", "1"], ["RESET"], ["ACL", "LIST"], ["QUIT"]])
    func whoMayBeAnotherIsAskedForAgain(_ command: [String]) throws {
        let stage = Stage()
        try stage.prove()
        stage.copy.change { $0.now += ReadingRights.renewal }
        stage.send(["GET", "revoked:jti:gone"], command)
        #expect(stage.took(["LEASE", "READER", "revoked:"], command) && stage.got == "$6\r\nlogout\r\n")
        // What was asked before says nothing.
        try stage.answer(Stage.rights(2) + "+OK\r\n")
        stage.send(["GET", "revoked:jti:gone"])
        #expect(stage.took(["GET", "revoked:jti:gone"], asking: true) && stage.got == "+OK\r\n")
    }

    @Test func inATransactionNothingIsAnsweredOrAsked() throws {
        let stage = Stage()
        try stage.prove()
        stage.send(["MULTI"])
        try stage.answer("+OK\r\n")
        stage.copy.change { $0.now += 10_000 }
        stage.send(["GET", "revoked:jti:gone"])
        #expect(stage.took(["MULTI"], ["GET", "revoked:jti:gone"]))
        try stage.answer("+QUEUED\r\n")
        stage.send(["EXEC"])
        try stage.answer("*1\r\n$6\r\nlogout\r\n")
        stage.copy.change { $0.askedAt = $0.now + 1 }
        #expect(stage.got == "+OK\r\n+QUEUED\r\n*1\r\n$6\r\nlogout\r\n" && stage.took(["EXEC"]))
        stage.send(["GET", "revoked:jti:gone"])
        #expect(stage.took(["GET", "revoked:jti:gone"], asking: true))
    }

    /// A rotation does not wait for followers.
    @Test func whatTheClientWroteIsInTheCopyBeforeItIsAnswered() throws {
        let stage = Stage()
        try stage.prove()
        let rotation = ["SET", "revoked:jti:r", "rotated:1:next", "EX", "60", "NX"]
        stage.send(rotation)
        stage.copy.change { $0.now += 10 }
        try stage.answer("+OK\r\n")
        stage.send(["GET", "revoked:jti:r"])
        #expect(stage.took(rotation, ["GET", "revoked:jti:r"]))
        try stage.answer("$14\r\nrotated:1:next\r\n")
        // A lease that was asked for afterwards covers it.
        stage.copy.change {
            $0.askedAt = $0.now + 1
            $0.entries["revoked:jti:r"] = ("rotated:1:next", 90_000)
        }
        stage.send(["GET", "revoked:jti:r"])
        #expect(stage.took() && stage.got == "+OK\r\n$14\r\nrotated:1:next\r\n$14\r\nrotated:1:next\r\n")
    }

    @Test(arguments: [
        ["SUBSCRIBE", "x"], ["MONITOR"], ["CLIENT", "REPLY", "OFF"], ["CLIENT", "TRACKING", "ON"], ["CLIENT"],
        ["PSYNC", "?", "-1"], ["NONSENSE"], ["REPLCONF", "x"], ["SHUTDOWN"],
    ])
    func behindACommandOfAnyNumberOfRepliesAllIsPassedOn(_ command: [String]) throws {
        let stage = Stage()
        try stage.prove()
        stage.copy.change { $0.now += ReadingRights.renewal }
        stage.send(["GET", "revoked:jti:gone"], command, ["GET", "revoked:jti:gone"])
        #expect(stage.took(["LEASE", "READER", "revoked:"], command, ["GET", "revoked:jti:gone"]))
        // The question's answer is still taken out.
        try stage.answer(Stage.rights(2) + "*3\r\n$1\r\nx\r\n")
        try stage.answer("no reply at all")
        #expect(stage.got == "$6\r\nlogout\r\n*3\r\n$1\r\nx\r\nno reply at all")
        stage.send("any\0thing")
        #expect(stage.took() == false && stage.conversation.isPassedThrough)
    }

    @Test(arguments: [
        "PING\r\n", "GET revoked:jti:gone\r\n", "GET / HTTP/1.1\r\n", "*x\r\n", "*1\r\n+OK\r\n", "$4\r\nPING\r\n",
        "$99999999\r\n", "\u{16}\u{3}\u{1}", "*1\r\n$99999999999\r\n", "*99999999\r\n", "no line end",
    ])
    func whatIsNoArrayIsTheDaemonsBusiness(_ text: String) throws {
        let stage = Stage()
        try stage.prove()
        let check = stage.request(["GET", "revoked:jti:gone"])
        stage.send(check + text + check)
        #expect(stage.got == "$6\r\nlogout\r\n" && stage.conversation.isPassedThrough)
        #expect(stage.tookBytes(text + check))
        stage.send(check)
        #expect(stage.got == "" && stage.tookBytes(check))
    }

    /// Bytes come as they like.
    @Test func requestsAndRepliesAreReadByteByByte() throws {
        let stage = Stage()
        try stage.prove()
        let requests = [["GET", "revoked:jti:gone"], ["SET", "a", "b"], ["GET", "a"]].map(stage.request).joined()
        for byte in requests.utf8 { stage.send(String(decoding: [byte], as: UTF8.self)) }
        #expect(stage.took(["SET", "a", "b"], ["GET", "a"]))
        for byte in "+OK\r\n$1\r\nb\r\n".utf8 { try stage.answer(String(decoding: [byte], as: UTF8.self)) }
        #expect(stage.got == "$6\r\nlogout\r\n+OK\r\n$1\r\nb\r\n")
        #expect(stage.conversation.isSettled)
    }

    @Test func aLongRequestIsNotKept() throws {
        let stage = Stage()
        let value = String(repeating: "x", count: ConversationLimits.unfinishedRequest)
        stage.send(String(stage.request(["SET", "a", value]).prefix(100)))
        #expect(stage.conversation.isPassedThrough && !stage.took())
    }

    @Test func unfinishedRequestsOfAllClientsAreBounded() {
        let stage = Stage()
        #expect(stage.all.add(ConversationLimits.allInput))
        let half = String(stage.request(["SET", "a", String(repeating: "x", count: 10_000)]).prefix(5_000))
        stage.send(half)
        #expect(stage.conversation.isPassedThrough)
        stage.all.remove(ConversationLimits.allInput)
        // What it had is given back.
        #expect(stage.all.add(ConversationLimits.allInput))
    }

    /// More commands wait until replies have come.
    @Test func owedRepliesAreBounded() throws {
        let stage = Stage()
        let count = ConversationLimits.owedReplies + 10
        stage.send(String(repeating: stage.request(["PING"]), count: count))
        for _ in 0..<1_000 where !stage.conversation.awaitsReplies { stage.go() }
        #expect(stage.conversation.isHeld && stage.conversation.awaitsReplies)
        stage.go()
        #expect(stage.conversation.isHeld)
        try stage.answer(String(repeating: "+PONG\r\n", count: ConversationLimits.owedReplies))
        stage.go()
        #expect(!stage.conversation.isHeld && !stage.conversation.isSettled)
        try stage.answer(String(repeating: "+PONG\r\n", count: 10))
        #expect(stage.conversation.isSettled)
    }

    @Test func outputLeavesBeforeMoreIsLookedAt() throws {
        let stage = Stage()
        try stage.prove()
        let one = stage.request(["MGET"] + Array(repeating: "revoked:jti:gone", count: 100))
        stage.send(String(repeating: one, count: 100))
        #expect(stage.conversation.isHeld && stage.conversation.toClient.readableBytes < 2 * ConversationLimits.output)
        var got = stage.got.utf8.count
        for _ in 0..<100 where stage.conversation.isHeld {
            stage.go()
            got += stage.got.utf8.count
        }
        #expect(!stage.conversation.isHeld && got == 100 * (6 + 100 * 12))
    }

    @Test func whatIsNoReplyEndsTheConversation() throws {
        let stage = Stage()
        stage.send(["PING"])
        #expect(throws: ReplyFramer.Malformed.self) { try stage.answer("PONG\r\n") }
    }

    /// The daemon says why it closes.
    @Test func whatNobodyAskedForIsPassedOn() throws {
        let stage = Stage()
        try stage.answer("-ERR max number of clients reached\r\n")
        #expect(stage.got == "-ERR max number of clients reached\r\n" && stage.conversation.isPassedThrough)
    }

    /// Others' invalidations come between any two replies, and in pieces.
    @Test(arguments: [true, false]) func anAnswerIsNeverWrittenIntoAMessage(isAsking: Bool) throws {
        let stage = Stage()
        try stage.prove(3)
        if isAsking {
            stage.copy.change { $0.now += ReadingRights.renewal }
            stage.send(["GET", "revoked:jti:gone"])
            #expect(stage.took(asking: true) && stage.got == "$6\r\nlogout\r\n")
        }
        try stage.answer(">2\r\n$10\r\ninvali")
        stage.send(["GET", "revoked:jti:gone"])
        #expect(stage.took(["GET", "revoked:jti:gone"]))
        let rights = isAsking ? Stage.rights(3) : ""
        try stage.answer("date\r\n*1\r\n$1\r\nx\r\n" + rights + "$6\r\nlogout\r\n")
        #expect(stage.got == ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nx\r\n$6\r\nlogout\r\n")
        #expect(stage.conversation.isPassedThrough)
    }
}
