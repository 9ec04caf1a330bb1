import Persistence
import Synchronization

/// One turn of the replicas' thread. Those that stand at the same position are sent the same: it is read once, and one
/// message takes it to all of them.
struct FeedingTurn {
    /// What is read at once, and what is when ``room`` is used up.
    private static let portion = 256 << 10
    private static let smallPortion = 4 << 10
    /// What is read for all of them together before it is small portions: a thousand may copy at the same time.
    private static let maximumRoom = 16 << 20

    /// What one message has, at most: a record that is longer is posted in parts.
    static let longest = 512 << 10

    /// Records, and whom they are for.
    private struct Reading {
        let start: UInt64
        let records: [UInt8]
        /// Behind the records.
        let tail: LogTail
        var recipients: [ClientRecord] = []
    }

    /// Whether a replica may pass records to where it goes on. One at a time: each may have gigabytes of the log to
    /// pass, and the others wait.
    var mayApproach = true
    /// Where the log stands.
    struct Place: Equatable {
        let stretch: String
        let end: UInt64
    }

    let place: Place
    private var readings: [Reading] = []
    private var room: Int
    /// How much is to be read at once now.
    var portion: Int { room > 0 ? Self.portion : Self.smallPortion }

    /// - Parameter free: how many bytes of messages may be posted beside those that wait already.
    init(_ log: AppendLog, free: Int) {
        place = Place(stretch: log.stretchID, end: log.streamEnd)
        // Others post, too, and each message counts with what holds it.
        room = min(Self.maximumRoom, free / 4)
    }

    /// So much was read for one of them alone.
    mutating func use(_ bytes: Int) { room -= bytes }

    /// Reads what comes next.
    /// - Returns: whole records, which ``post()`` sends if they are no longer than ``longest``; empty without any.
    mutating func read(_ tail: inout LogTail, for client: ClientRecord) throws(PersistenceError) -> [UInt8] {
        guard tail.position < place.end || tail.stretch != place.stretch else { return [] }
        let start = tail.position
        var place = readings.firstIndex { $0.start == start && $0.tail.stretch == tail.stretch }
        if place == nil { place = try add(tail) }
        let index = place!
        tail = readings[index].tail
        let records = readings[index].records
        if records.count <= Self.longest { readings[index].recipients.append(client) }
        return records
    }

    private mutating func add(_ tail: LogTail) throws(PersistenceError) -> Int {
        let start = tail.position
        var tail = tail
        let records = try tail.next(atMost: portion)
        room -= records.count
        readings.append(Reading(start: start, records: records, tail: tail))
        return readings.count - 1
    }

    /// Posts what was read since the last time.
    mutating func post() {
        for reading in readings where !reading.records.isEmpty && !reading.recipients.isEmpty {
            Mailbox.post(PushMessage(records: reading.records), to: reading.recipients, .copies)
        }
        readings = []
    }
}
