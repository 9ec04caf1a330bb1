import Replication

/// A follower's two connections to the daemon: the stream, and requests for leases. What was sent arrives in its order,
/// at any time, or is lost with the connection.
struct SimulatedLink {
    struct Request {
        let sentAt: Int64
        let releases: Bool
    }

    struct Answer {
        /// nil if there is no lease.
        let grant: LeaseGrant?
        let sentAt: Int64
    }

    /// Of this connection alone.
    let id: Int64
    /// Where the follower asks to go on.
    let position: StreamIn.Position?
    /// The daemon has taken it.
    var isAccepted = false
    /// It is broken: what is under way may still arrive, until both ends have noticed.
    var isBroken = false
    var daemonHasLeft = false
    /// How far the daemon has sent its log.
    var sent = 0
    var stream: [UInt8] = []
    var acknowledgements: [UInt64] = []
    var requests: [Request] = []
    var answers: [Answer] = []

    init(id: Int64, position: StreamIn.Position?) {
        self.id = id
        self.position = position
    }

    /// Breaks it; a part of what is under way still arrives.
    /// - Parameter whole: all of it or nothing.
    mutating func breakOff(_ choices: inout Choices, whole: Bool) {
        isBroken = true
        guard !whole else {
            if choices.pick(2) == 0 { (stream, acknowledgements, answers, requests) = ([], [], [], []) }
            return
        }
        stream.removeLast(choices.pick(2) == 0 ? stream.count : choices.pick(stream.count + 1))
        if choices.pick(2) == 0 { acknowledgements = [] }
        if choices.pick(2) == 0 { answers = [] }
        if choices.pick(2) == 0 { requests = [] }
    }
}
