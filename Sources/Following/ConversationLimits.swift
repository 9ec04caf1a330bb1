import NIOCore
import RESP
import RevokedServer
import Synchronization

/// What one conversation may take. Sizes in bytes.
enum ConversationLimits {
    /// A longer request is not kept until it is whole: from then on the connection's bytes are passed on as they come.
    static let unfinishedRequest = 256 << 10
    /// Input that waits is counted from this size on.
    static let uncountedInput = 4 << 10
    /// The same of all clients together.
    static let allInput = 64 << 20
    /// Output beyond this is written before more input is looked at.
    static let output = 64 << 10
    /// Replies that the daemon owes: more commands wait.
    static let owedReplies = 4_096
    /// Of a reply to a question of ours, how much is kept.
    static let answer = 256
    /// A check whose reply is compared with the copy's; the reply to a longer one counts as news.
    static let comparedRequest = 1 << 10
    /// The same of its reply.
    static let comparedReply = 16 << 10
    /// So many bytes of refusals are looked through.
    static let refusals = 4 << 10
    /// Keys of one command that is answered here.
    static let keys = 1_024
    /// Requests and arguments that are parsed at a time.
    static let batch = 64
    static let batchArguments = 1_024

    /// What is left for the client may take so long once the daemon has ended the connection.
    static let farewell = TimeAmount.seconds(5)
    /// A client that has no room for replies, and reads nothing for so long, is dropped.
    static let unreadPatience = TimeAmount.milliseconds(OutputPolicy.unreadPatience)
    /// Between two looks at it.
    static let unreadCheck = TimeAmount.seconds(5)
}

/// What the connections of one event loop share: they are served one after the other.
final class ConversationScratch {
    var batch = RequestBatch()
    /// A check finds values of 128 bytes at most, and fewer keys than ``ConversationLimits/keys``.
    var reply = ReplyBuffer(limit: 1 << 20)
}

/// What all clients' conversations have in common.
final class AllConversations: Sendable {
    private let bytes = Atomic(0)
    private let heardAt = Atomic(Int64.min)

    // MARK: Input that waits

    /// - Returns: whether there is room for so many bytes more.
    func add(_ count: Int) -> Bool {
        bytes.wrappingAdd(count, ordering: .relaxed).newValue <= ConversationLimits.allInput
    }

    func remove(_ count: Int) { bytes.wrappingSubtract(count, ordering: .relaxed) }

    // MARK: What clients have heard

    /// Whether the copy has all that any client has heard from the daemon: it is in the copy once a lease was asked for
    /// later than that. The daemon shows a revocation, and sends messages of it, when it makes it, and the copy has it
    /// later: a read on any connection would still get the old value.
    func isCovered(by askedAt: Int64) -> Bool { askedAt > heardAt.load(ordering: .sequentiallyConsistent) }

    /// A client hears something that may not be in the copy. Called before it leaves.
    func hear(at now: Int64) { heardAt.max(now, ordering: .sequentiallyConsistent) }
}
