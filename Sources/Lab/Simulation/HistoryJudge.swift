/// What the rules are judged by: what clients were told, and when.
struct HistoryJudge {
    struct Acknowledged {
        let key: Int
        let ttl: Int64
        /// Real time, in microseconds: when it was sent, and when the daemon answered.
        let sentAt: Int64
        let answeredAt: Int64
        let epoch: [UInt8]
    }

    private struct Sent {
        let key: Int
        let ttl: Int64
        let at: Int64
    }

    private var sent: [Int: Sent] = [:]
    private(set) var acknowledged: [Acknowledged] = []

    mutating func send(_ id: Int, _ key: Int, ttl: Int64, at time: Int64) {
        sent[id] = Sent(key: key, ttl: ttl, at: time)
    }

    /// - Parameter epoch: what its client had pinned.
    mutating func acknowledge(_ id: Int, epoch: [UInt8], at time: Int64) {
        guard let sent = sent.removeValue(forKey: id) else { return }
        acknowledged.append(
            Acknowledged(key: sent.key, ttl: sent.ttl, sentAt: sent.at, answeredAt: time, epoch: epoch))
    }

    /// An operator has accepted that what was acknowledged may be gone.
    mutating func forget() { acknowledged = [] }

    /// The writes that have to be found: clocks are slewed by up to a tenth, and a follower carries guarded time on by
    /// its own for the length of a lease.
    func standing(at time: Int64, epoch: [UInt8], lease: Int64) -> some Sequence<Acknowledged> {
        acknowledged.lazy.filter { one in
            one.epoch == epoch && time < one.sentAt + one.ttl * 900 - lease * 250
        }
    }
}

/// Log-ins and calls that set a cut-off, in milliseconds of the store's time.
struct CutOffCalls {
    /// When each log-in ended, and the time that its tokens carry.
    var logIns: [(endedAt: Int64, logInTime: Int64)] = []
    /// The store's time when it was last read.
    var lastTime: Int64 = 0
    /// The call that is under way: when it began, and its cut-off.
    var underWay: (beganAt: Int64, cutOff: Int64)?
}
