/// How far a connection's input is read and executed while its replies wait: one policy for both transports.
///
/// Replies wait for the client, which may not read them, or for the disk. While the client does not read, its requests
/// are read all the same, up to the output limit: many clients write everything before they read anything, and would
/// wait for ever. While the disk stands still nothing more is read: it will go on.
struct FlowControl {
    /// What a connection may do next.
    enum Step {
        /// Read, and execute.
        case execute
        /// Read, and keep what was read for later.
        case keep
        case wait
    }

    /// What waits on one connection.
    struct Load {
        /// Bytes of replies that have not left.
        var pending = 0
        /// Those of them that wait for the client to read.
        var unread = 0
        /// Replies, or runs of them, that wait for the log.
        var holds = 0
        /// Bytes that were read since the first of those.
        var inputSinceHold = 0
        /// Bytes that were read and have not been executed.
        var input = 0
        /// A write of it waits until the log has room.
        var isStalled = false
        /// It has not authenticated.
        var isStranger = false

        var waitsForLog: Bool { holds > 0 || isStalled }
    }

    /// Replies that may wait for the log on one connection, and bytes of requests or replies behind the first of them.
    private static let holdLimit = 4096
    private static let heldBytesLimit = 1 << 20
    /// When this much waits on all connections together, those that wait for the log execute nothing more.
    private static let allHeldLimit = 8 << 20
    /// A client that has reached its limits and reads nothing of what it is owed for this long is dropped, in
    /// milliseconds.
    private static let blockedPatience: Int64 = 3_000
    /// A client that reads nothing of what it is owed for this long is dropped, in milliseconds.
    private static let stallLimit: Int64 = 60_000
    /// A client that has not authenticated and leaves more than this unread is dropped, in bytes (Redis 7.4). What the
    /// system holds for it is not counted.
    private static let strangerUnreadLimit = 1 << 10
    /// What clients have to do before they are served, within this time, in milliseconds.
    static let authenticationTime: Int64 = 10_000

    /// The most that may wait for one client.
    let outputLimit: Int

    /// Why a client has to go for the replies that wait; nil if it may stay.
    func excess(_ load: Load) -> String? {
        if load.pending > outputLimit { return "it does not read its replies, and they have passed output-limit" }
        guard load.isStranger, load.unread > Self.strangerUnreadLimit else { return nil }
        return "it has not authenticated, and does not read its replies"
    }

    func next(_ load: Load, after previous: Step, allOutput: Int, mayKeep: Bool) -> Step {
        if load.isStalled { return .wait }
        if load.holds > 0 {
            let held = max(load.inputSinceHold, load.pending - load.unread)
            if load.holds > Self.holdLimit || held > Self.heldBytesLimit || allOutput > Self.allHeldLimit {
                return .wait
            }
        }
        let pauseLimit = outputLimit / 4
        guard load.unread > (previous == .execute ? pauseLimit : pauseLimit / 2) else { return .execute }
        return mayKeep && load.pending + load.input < outputLimit ? .keep : .wait
    }

    enum Dropped {
        case unread, blocked

        var reason: String {
            switch self {
            case .unread: "it has not read anything for 60 s"
            case .blocked: "it sends on and does not read its replies, and they have reached output-limit"
            }
        }
    }

    /// Why a client has to go; nil if it may stay.
    /// - Parameter idle: since when it has read nothing, in milliseconds.
    func dropped(_ load: Load, at step: Step, idle: Int64) -> Dropped? {
        guard load.unread > 0 else { return nil }
        if idle > Self.stallLimit { return .unread }
        return step == .wait && !load.waitsForLog && idle > Self.blockedPatience ? .blocked : nil
    }
}

extension MemoryBudget {
    /// What may wait for all clients together, replies and requests each, in bytes: a quarter of `maxmemory`, within
    /// bounds.
    var clientLimit: Int { maximum > 0 ? min(1 << 30, max(64 << 20, maximum / 4)) : 1 << 30 }

    /// What may wait of the requests of all clients together that have not authenticated, in bytes.
    var strangerLimit: Int { maximum > 0 ? min(8 << 20, max(1 << 20, maximum / 16)) : 8 << 20 }
}
