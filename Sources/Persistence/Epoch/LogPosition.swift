/// How far a log has got that was known to be on disk, kept outside of it: a log that does not reach it is an older
/// copy.
enum LogPosition: Sendable, Equatable {
    /// No log was ever begun, and nobody was served.
    case new
    /// Nothing was logged: whatever log there is lacks what was acknowledged since.
    case memory
    /// Whatever log there is: the epoch is newer.
    case any
    /// The increment with this salt is in the log, and has at least so many bytes; or, if it is named, the increment
    /// that was about to take over.
    case at(salt: UInt64, offset: Int, next: UInt64? = nil)

    /// What a log consists of: the salts of its increments, and where the good part of each ends.
    typealias Increments = [(salt: UInt64, end: Int)]

    /// Why a log with these increments, or none, may lack what was acknowledged; nil if it reaches this position.
    func doubt(_ increments: Increments?) -> String? {
        switch self {
        case .new, .any: return nil
        case .memory: return "the daemon ran without a log"
        case .at(let salt, let offset, let next):
            guard let increments else { return "the log is gone" }
            if let next, increments.contains(where: { $0.salt == next }) { return nil }
            if increments.contains(where: { $0.salt == salt && $0.end >= offset }) { return nil }
            return "the log is an older copy: it does not reach what was on disk when the daemon ended"
        }
    }
}
