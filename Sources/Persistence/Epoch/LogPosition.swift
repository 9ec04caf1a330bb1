/// How far a log is known to be on disk, recorded outside of it. A log that does not reach it is an older copy.
enum LogPosition: Sendable, Equatable {
    /// No log was ever begun, and no client was served.
    case new
    /// Nothing was logged: any log that exists lacks later acknowledged writes.
    case memory
    /// Any log holds: the epoch is newer than the log.
    case any
    /// The log has the increment with this salt, with at least this many bytes. Or it has the increment named `next`,
    /// which was about to replace it.
    case at(salt: UInt64, offset: Int, next: UInt64? = nil)

    /// The increments of a log: their salts, and where the good part of each ends.
    typealias Increments = [(salt: UInt64, end: Int)]

    /// Why a log with these increments, or none, may lack what was acknowledged; nil if it reaches this position.
    func uncleanReason(_ increments: Increments?) -> String? {
        switch self {
        case .new, .any: return nil
        case .memory: return "the daemon ran without a log"
        case .at(let salt, let offset, let next):
            guard let increments else { return "the log is gone" }
            if let next, increments.contains(where: { $0.salt == next }) { return nil }
            if increments.contains(where: { $0.salt == salt && $0.end >= offset }) { return nil }
            return "the log is an older copy: it ends before what was on disk when the daemon stopped"
        }
    }
}
