/// Where the records of the log are on disk, for those who follow it.
///
/// A stretch is a run of records without a gap, and a position within it is the number of bytes of records before it.
/// Notes and seals in the files do not count. A stretch begins when the daemon starts, and when a complete log is
/// written after a failure of the disk. After such a failure positions have nothing to do with those before. After a
/// start they go on where the log on disk ends, if that can be proved (``RecoveredStream``): who was in a stretch
/// before, no further than what is on disk of it, goes on in this one.
struct LogStretch: Sendable {
    /// A file with records.
    struct Segment: Sendable {
        let path: String
        /// Identifies the file.
        let salt: UInt64
        /// Where in the file the first record of the stretch is, and at which position that is.
        let offset: Int
        let position: UInt64
    }

    /// A file with the whole table. Together with the records from its position on it is the table as it is now.
    struct Base: Sendable {
        let path: String
        let position: UInt64
    }

    /// A stretch of a process before this one.
    struct Ended: Equatable {
        let id: String
        /// Up to here its records are on disk as they were handed out.
        let end: UInt64
    }

    /// 40 hexadecimal digits, as Redis identifies a history of writes.
    private(set) var id = ""
    /// In their order; each ends where the next one begins.
    private(set) var segments: [Segment] = []
    /// nil until one was written in this stretch.
    private(set) var base: Base?
    /// Those that this one continues, the latest first.
    private(set) var before: [Ended] = []
    /// Before this position some entries were removed that no record tells of.
    private var untold: UInt64 = 0

    /// Begins a stretch.
    mutating func begin(with segment: Segment) {
        self = LogStretch()
        id = Self.newID()
        segments = [segment]
    }

    /// Begins a stretch that continues others.
    mutating func begin(after stream: RecoveredStream) {
        self = LogStretch()
        id = Self.newID()
        segments = stream.segments
        base = stream.base
        before = stream.before
    }

    private static func newID() -> String {
        (0..<5).map { _ in String(UInt32.random(in: .min ... .max) | 1 << 31, radix: 16) }.joined()
    }

    /// Nothing is logged any more.
    mutating func end() { self = LogStretch() }

    /// Entries have expired and were removed, and no record tells of that: who goes on from before would keep them.
    mutating func noteUntold(at position: UInt64) { untold = position }

    /// Records go on in another file.
    mutating func go(onIn segment: Segment) { segments.append(segment) }

    /// The files before the last one are going to be removed: the base has what they say.
    mutating func replace(by path: String) {
        guard let last = segments.last else { return }
        segments = [last]
        base = Base(path: path, position: last.position)
    }

    /// The file in which the record at a position is, or will be; nil if it is gone.
    func segment(for position: UInt64) -> Segment? { segments.last { $0.position <= position } }

    /// Whether who begins there hears of everything since.
    func isComplete(from position: UInt64) -> Bool { position >= untold }

    /// Whether a position of a stretch is the same position of this one. One that has read further than its stretch is
    /// on disk has records that this log never had.
    func contains(_ position: UInt64, of stretch: String) -> Bool {
        stretch == id || before.contains { $0.id == stretch && position <= $0.end }
    }
}
