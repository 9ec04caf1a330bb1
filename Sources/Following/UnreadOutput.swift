import NIOCore

/// Whether a client takes what is written for it. Time is passed in.
struct UnreadOutput {
    /// Bytes, since the connection began.
    private var written = 0
    /// While the client has no room: how much it has taken, and since when it has taken nothing more.
    private var watched: (taken: Int, since: NIODeadline)?

    var isWatched: Bool { watched != nil }

    mutating func didWrite(_ count: Int) { written += count }

    /// The client has no room.
    /// - Parameter waiting: the bytes that it has not taken.
    mutating func watch(_ waiting: Int, at now: NIODeadline) { watched = (written - waiting, now) }

    /// It has room again.
    mutating func endWatch() { watched = nil }

    /// Whether it has taken nothing for too long.
    /// - Parameter waiting: the bytes that it has not taken.
    mutating func isOverdue(_ waiting: Int, at now: NIODeadline) -> Bool {
        let taken = written - waiting
        guard let watched, watched.taken == taken else {
            self.watched = (taken, now)
            return false
        }
        return now - watched.since >= ConversationLimits.unreadPatience
    }
}
