import NIOCore
import RESP
import Testing

@testable import Following

/// A client, the conversation and a daemon that answers when the test says so.
final class ConversationStage {
    let copy = FakeCopy()
    let all: AllConversations
    private(set) var conversation: Conversation<FakeCopy>
    private let scratch = ConversationScratch()
    /// What was passed on and not taken yet.
    private var passed = ""

    init(_ all: AllConversations = AllConversations()) {
        self.all = all
        conversation = Conversation(copy, prefix: "revoked:", all: all)
        copy.change { $0.entries["revoked:jti:gone"] = ("logout", 61_500) }
    }

    static func rights(_ version: Int, of epoch: String = "e-1") -> String {
        "*2\r\n:\(version)\r\n$\(epoch.utf8.count)\r\n\(epoch)\r\n"
    }

    func send(_ text: String) {
        conversation.receive(ByteBuffer(string: text))
        go()
    }

    func send(_ commands: [String]...) { send(commands.map(request).joined()) }

    /// What is to be written is written.
    func go() {
        conversation.execute(&scratch.batch, &scratch.reply)
        passed += String(buffer: conversation.toDaemon)
        conversation.toDaemon = ByteBuffer()
    }

    func request(_ words: [String]) -> String {
        "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
    }

    /// What the daemon has got since, without our own questions if there are any.
    func took(_ commands: [String]..., asking: Bool = false) -> Bool {
        var expected = commands.map(request).joined()
        if asking { expected += request(["LEASE", "READER", "revoked:"]) }
        defer { passed = "" }
        return passed == expected
    }

    func tookBytes(_ bytes: String) -> Bool {
        defer { passed = "" }
        return passed == bytes
    }

    func answer(_ text: String) throws {
        try conversation.receiveReplies(ByteBuffer(string: text), &scratch.batch, &scratch.reply)
    }

    /// What the client has got since.
    var got: String {
        defer { conversation.toClient = ByteBuffer() }
        return String(buffer: conversation.toClient)
    }

    func end() { conversation.end() }

    /// The daemon has said that this client may read.
    func prove(_ version: Int = 2) throws {
        send(["GET", "revoked:jti:x"])
        #expect(took(["GET", "revoked:jti:x"], asking: true))
        try answer("$-1\r\n" + Self.rights(version))
        #expect(got == "$-1\r\n")
    }
}
