import Replication

/// What the rules are judged by: what clients were told, and when.
struct HistoryJudge {
    struct Acknowledged {
        let id: Int
        let key: Int
        let ttl: Int64
        /// In guarded time of the daemon.
        let expiry: Int64
        /// Real time, in microseconds: when it was sent, and when the daemon answered.
        let sentAt: Int64
        let answeredAt: Int64
        let epoch: [UInt8]
    }

    struct Sent {
        let id: Int
        let key: Int
        let ttl: Int64
        let expiry: Int64
        let at: Int64
        /// Behind its record.
        let position: StreamIn.Position
    }

    private var sent: [Int: Sent] = [:]
    /// Those that were sent, and are not lost: writes before them need not be found.
    private var undos: [(id: Int, key: Int)] = []
    private(set) var acknowledged: [Acknowledged] = []

    /// - Parameter position: behind its record.
    mutating func send(
        _ id: Int, _ key: Int, ttl: Int64, expiry: Int64, at time: Int64, _ position: StreamIn.Position
    ) {
        sent[id] = Sent(id: id, key: key, ttl: ttl, expiry: expiry, at: time, position: position)
    }

    /// - Parameter epoch: what its client had pinned.
    mutating func acknowledge(_ id: Int, epoch: [UInt8], at time: Int64) {
        guard let sent = sent[id] else { return }
        acknowledged.append(
            Acknowledged(
                id: id, key: sent.key, ttl: sent.ttl, expiry: sent.expiry, sentAt: sent.at, answeredAt: time,
                epoch: epoch))
    }

    mutating func undo(_ id: Int, _ key: Int) { undos.append((id, key)) }

    /// The daemon has ended before these undos were on disk. Nobody was told that they are done.
    mutating func lose(_ lost: [Int]) { undos.removeAll { lost.contains($0.id) } }

    /// An operator has accepted that what was acknowledged may be gone.
    mutating func forget() { acknowledged = [] }

    /// The writes that have to be found: clocks are slewed by up to a tenth, and a follower carries guarded time on by
    /// its own for the length of a lease.
    func standing(at time: Int64, epoch: [UInt8], lease: Int64) -> some Sequence<Acknowledged> {
        acknowledged.lazy.filter { one in
            one.epoch == epoch && time < one.sentAt + one.ttl * 900 - lease * 250 && !isUndone(one.id, one.key)
        }
    }

    /// Whether a write of a key was sent, acknowledged or not, that ends by this guarded time and is to be found in a
    /// copy. One that the copy has not read does not count: a daemon that has lost its log may be behind in guarded
    /// time, and what it writes then may end when an entry of before does.
    func hasSent(
        _ key: Int, endingBy expiry: Int64, before end: StreamIn.Position, at time: Int64, lease: Int64
    ) -> Bool {
        sent.values.contains { one in
            one.key == key && one.expiry <= expiry && time < one.at + one.ttl * 900 - lease * 250
                && !isUndone(one.id, key)
                // The names of stretches rise.
                && (one.position.stretch, one.position.offset) <= (end.stretch, end.offset)
        }
    }

    private func isUndone(_ id: Int, _ key: Int) -> Bool { undos.contains { $0.key == key && $0.id > id } }
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
