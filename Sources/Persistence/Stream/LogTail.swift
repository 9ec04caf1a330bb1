import RESP
import Synchronization

/// Reads the records of the log from a position on, up to ``AppendLog/streamEnd``. Files have no index: the tail first
/// passes the records of the file before that position (``approach()``). A copy of it goes on by itself.
package struct LogTail {
    /// How far the tail is from where it begins.
    package enum Approach { case underWay, done, impossible }

    /// The stretch that the positions belong to (``AppendLog/stretchID``).
    package let stretch: String
    /// The position of the next record.
    package private(set) var position: UInt64
    private let log: AppendLog
    private var file: any InputFile
    /// Where it begins.
    private let start: UInt64
    private var segment: LogStretch.Segment
    /// Where in the file the next record or note is.
    private var offset: Int
    /// How much is read at once: more if a record is longer.
    private var window = Self.window

    /// How much is passed in one step.
    private static let step = 1 << 20
    private static let window = 64 << 10
    private static let maximumWindow = 1 << 30

    fileprivate init(
        _ log: AppendLog, _ stretch: String, in segment: LogStretch.Segment, from start: UInt64
    ) throws(FileError) {
        self.log = log
        self.start = start
        self.stretch = stretch
        self.segment = segment
        position = segment.position
        offset = segment.offset
        file = try log.files.read(segment.path)
    }

    /// Passes some of the records before the position at which the tail begins: no more than one step's, because the
    /// file may be long and others wait. To be called until it is done, before ``next(atMost:)``.
    package mutating func approach() -> Approach {
        if position < start {
            let left = Int(clamping: start - position)
            guard let passed = try? records(atMost: min(left, Self.step)), !passed.isEmpty else { return .impossible }
        }
        // It is no record's position if the records go beyond it.
        return position < start ? .underWay : position == start ? .done : .impossible
    }

    /// - Parameter maximum: bytes at which it stops.
    /// - Returns: whole records; empty if there are none yet.
    /// - Throws: also if the stretch has ended, or a file is gone: the reader has to begin anew.
    package mutating func next(atMost maximum: Int) throws(PersistenceError) -> [UInt8] {
        do throws(FileError) { return try records(atMost: maximum) } catch { throw PersistenceError(error) }
    }

    private mutating func records(atMost maximum: Int) throws(FileError) -> [UInt8] {
        var records: [UInt8] = []
        let end = log.streamEnd
        guard log.stretchID == stretch else { throw .noLog }
        while position < end, records.count < maximum {
            if try advance() { continue }
            try read(upTo: end, atMost: maximum, into: &records)
        }
        return records
    }

    /// Whether the next record is in another file, which is then opened.
    private mutating func advance() throws(FileError) -> Bool {
        guard let next = log.segment(for: position) else { throw .noLog }
        guard next.path != segment.path, next.position == position else { return false }
        segment = next
        offset = next.offset
        file = try log.files.read(next.path)
        return true
    }

    private mutating func read(
        upTo end: UInt64, atMost maximum: Int, into records: inout [UInt8]
    ) throws(FileError) {
        let bytes = try file.read(at: offset, window)
        var used = 0
        var batch = RequestBatch()
        scan: while position < end, records.count < maximum, used < bytes.count {
            switch RecordReader.extent(of: bytes.span.bytes, at: used, &batch) {
            case .record(let recordEnd):
                records += bytes[used..<recordEnd]
                position += UInt64(recordEnd - used)
                used = recordEnd
            case .line(let lineEnd): used = lineEnd
            case .incomplete: break scan
            case .bad: throw .noLog
            }
        }
        offset += used
        guard used == 0 else {
            window = Self.window
            return
        }
        // What is known to be there is longer than what was read, unless the file is not what it was.
        guard bytes.count == window, window < Self.maximumWindow else { throw .noLog }
        window *= 4
    }
}

/// The whole table: a file in Redis' format, and the records since.
package struct LogCopy {
    package let base: any InputFile
    package var tail: LogTail
}

extension AppendLog {
    /// Identifies what positions belong to: 40 hexadecimal digits; empty while there is no log.
    package var stretchID: String { stretch.withLock { $0.id } }

    /// The stretch before the present one, and the end of what is known of it; nil if no replica may go on from it.
    package var earlierStretch: (id: String, end: UInt64)? {
        stretch.withLock { $0.before.first.map { ($0.id, $0.end) } }
    }

    /// Records up to here may be read from the files. Under `always` they may not be on disk yet, unless they take
    /// something away: followers apply them while the disk works, and nobody is answered before both have ended.
    package var streamEnd: UInt64 { queue.withLock { $0.written } }

    /// Entries were removed that no record tells of.
    package func noteUntold() {
        let end = queue.withLock { $0.end }
        stretch.withLock { $0.noteUntold(at: end) }
    }

    fileprivate var files: any FileSystem { epochFile.files }

    fileprivate func segment(for position: UInt64) -> LogStretch.Segment? {
        stretch.withLock { $0.segment(for: position) }
    }

    /// The records from a position on, which the tail has to approach first.
    /// - Parameter id: the stretch of the position: the present one, or one that it continues.
    /// - Returns: nil if that cannot be: another stretch, a position that is to come, or one whose file is gone.
    package func tail(of id: String, from position: UInt64) -> LogTail? {
        let (present, segment) = stretch.withLock { stretch in
            let goesOn = stretch.contains(position, of: id) && stretch.isComplete(from: position)
            return (stretch.id, goesOn ? stretch.segment(for: position) : nil)
        }
        guard let segment, position <= streamEnd else { return nil }
        return try? LogTail(self, present, in: segment, from: position)
    }

    /// A file with the whole table, and the records from its position on.
    /// - Returns: nil until a rewrite has made one in this stretch.
    package func copy() -> LogCopy? {
        let (id, base, segment) = stretch.withLock { stretch in
            (
                stretch.id, stretch.base,
                stretch.base.flatMap { stretch.isComplete(from: $0.position) ? stretch.segment(for: $0.position) : nil }
            )
        }
        guard let base, let segment, let file = try? files.read(base.path), segment.position == base.position,
            let tail = try? LogTail(self, id, in: segment, from: base.position)
        else { return nil }
        return LogCopy(base: file, tail: tail)
    }
}
