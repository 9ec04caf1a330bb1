package import Denylist
import Persistence
import RESP

/// What a follower reads after `PSYNC`: the answer, a file with the whole table if it needs one, and the records since.
/// Writes the guarded keys into a table. Takes bytes, has no sockets and no clock.
///
/// After an error nothing of the copy may be believed.
package struct StreamIn: ~Copyable {
    /// How far a copy is.
    package struct Position: Sendable, Equatable {
        /// The daemon's name for a run of records without a gap (Redis: replication id).
        package fileprivate(set) var stretch: String
        /// How many bytes of records of the stretch are applied.
        package var offset: UInt64

        package init(stretch: String, offset: UInt64) {
            self.stretch = stretch
            self.offset = offset
        }
    }

    package enum Event: Equatable {
        /// The whole table follows. The next call is ``copy(into:)``.
        case copies
        /// The copy goes on where it was.
        case resumes
        /// The next call of ``next()`` empties the table, with a record that ends at this position.
        case empties(until: Position)
        /// The copy is complete up to ``position``.
        case applied
    }

    private enum Phase {
        case answer
        /// The table for the copy is not known yet.
        case table
        /// The file's length.
        case length
        case file(End)
        /// The mark behind a file of unknown length.
        case mark([UInt8])
        case records
        case failed
    }

    private enum End {
        case after(UInt64)
        case mark([UInt8])
    }

    /// The longest entry or group of records, in bytes: more than the daemon takes of a transaction, 96 MiB, and of a
    /// command, 16 MiB.
    package static let maximumUnit = 128 << 20
    /// The longest line of an answer.
    private static let maximumLine = 512
    private static let markLength = 40

    private var phase = Phase.answer
    private var pending = InputQueue()
    private var sink: CopySink
    private var file = RDBReader(ReadConfiguration(now: 0))
    private var records = RecordReader(ReadConfiguration(now: 0))
    private var pieces = RecordPieces()
    private var table: Denylist
    private var unit: RecordPieces.Unit?
    /// Where the stream is. The copy is complete only if ``isComplete``.
    package private(set) var position: Position?
    /// Whether the table is the daemon's as of ``position``.
    package private(set) var isComplete = false
    private let maximumUnit: Int

    /// - Parameters:
    ///   - table: the one that the stream goes on with.
    ///   - position: that of the table; nil if it holds no copy.
    package init(_ table: Denylist, at position: Position?, maximumUnit: Int = Self.maximumUnit) {
        self.table = table
        self.position = position
        self.maximumUnit = maximumUnit
        sink = CopySink(table, isFile: false)
    }

    /// What `PSYNC` asks for: the next byte, counted from 1.
    package static func request(from position: Position?) -> (stretch: String, offset: String) {
        position.map { ($0.stretch, "\($0.offset + 1)") } ?? ("?", "-1")
    }

    /// - Parameter table: empty.
    package mutating func copy(into table: Denylist) {
        guard case .table = phase else { preconditionFailure("no copy was announced") }
        self.table = table
        sink = CopySink(table, isFile: true)
        phase = .length
    }

    /// Takes bytes that have arrived. ``next()`` is called until it returns nil.
    package mutating func append(_ bytes: RawSpan) { pending.append(bytes) }

    /// Reads on.
    /// - Returns: nil if more bytes are needed.
    package mutating func next() throws(StreamError) -> Event? {
        do throws(StreamError) { return try read() } catch {
            phase = .failed
            isComplete = false
            throw error
        }
    }

    private mutating func read() throws(StreamError) -> Event? {
        while true {
            switch phase {
            case .answer:
                guard let line = try line() else { return nil }
                return try begin(line)
            case .length:
                guard let line = try line() else { return nil }
                phase = .file(try Self.end(line))
            case .file(let end):
                guard try readFile(end) else { return nil }
                if case .records = phase { return .applied }
            case .mark(let mark):
                guard pending.count >= mark.count else { return nil }
                guard pending.span.extracting(first: mark.count).withUnsafeBytes({ $0.elementsEqual(mark) }) else {
                    throw .damaged("the file does not end where it should")
                }
                pending.consume(mark.count)
                endFile()
                return .applied
            case .records: return try readRecords()
            case .table, .failed: preconditionFailure("the stream waits for a table, or has failed")
            }
        }
    }

    // MARK: The answer

    /// The next line that says something. Empty ones are signs of life.
    private mutating func line() throws(StreamError) -> String? {
        while true {
            // A copy, for what is read while something else is changed: it shares the bytes.
            let input = pending
            let bytes = input.span
            let limit = min(bytes.byteCount, Self.maximumLine)
            guard let end = (0..<limit).first(where: { bytes[byte: $0] == UInt8(ascii: "\n") }) else {
                if bytes.byteCount >= Self.maximumLine { throw .damaged("a line too long") }
                return nil
            }
            let text = bytes.extracting(first: end).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
            pending.consume(end + 1)
            let line = text.hasSuffix("\r") ? String(text.dropLast()) : text
            if !line.isEmpty { return line }
        }
    }

    private mutating func begin(_ line: String) throws(StreamError) -> Event {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        switch words[0] {
        case "+FULLRESYNC":
            guard words.count == 3, Self.isStretch(words[1]), let offset = UInt64(words[2]), offset < 1 << 62 else {
                throw .damaged("an answer that says not where the copy begins")
            }
            position = Position(stretch: String(words[1]), offset: offset)
            isComplete = false
            phase = .table
            return .copies
        case "+CONTINUE":
            guard position != nil, words.count <= 2, words.count == 1 || Self.isStretch(words[1]) else {
                throw .damaged("an answer that says not where the copy goes on")
            }
            // After a restart the daemon names a stretch that continues the one of this copy.
            if words.count == 2 { position?.stretch = String(words[1]) }
            isComplete = true
            phase = .records
            return .resumes
        default:
            guard line.hasPrefix("-") else { throw .damaged("an answer that is none to PSYNC") }
            throw .refused(String(words[0].dropFirst().prefix(32)))
        }
    }

    private static func isStretch(_ word: Substring) -> Bool {
        word.utf8.count == markLength
            && word.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// `$<length>` or `$EOF:<mark>`.
    private static func end(_ line: String) throws(StreamError) -> End {
        let word = line.dropFirst()
        guard line.hasPrefix("$") else { throw .damaged("no file where one was announced") }
        if word.hasPrefix("EOF:"), word.utf8.count == 4 + markLength { return .mark(Array(word.utf8.dropFirst(4))) }
        guard let length = UInt64(word), (1..<1 << 48).contains(length) else {
            throw .damaged("a file of impossible length")
        }
        return .after(length)
    }

    // MARK: The file

    /// - Returns: false if more bytes are needed.
    private mutating func readFile(_ end: End) throws(StreamError) -> Bool {
        guard !pending.isEmpty else { return false }
        var available = pending.count
        if case .after(let left) = end { available = Int(min(UInt64(available), left)) }
        let used: Int
        do throws(FormatError) {
            let input = pending
            used = try file.read(piece: input.span.extracting(first: available), into: &sink)
        } catch {
            throw .damaged("the file is damaged: \(error.reason)")
        }
        pending.consume(used)
        try check()
        switch end {
        case .after(let left):
            let rest = left - UInt64(used)
            if file.isComplete, rest == 0 {
                endFile()
                return true
            }
            // It has ended early, or all the rest is here and is no whole entry.
            guard !file.isComplete, UInt64(available) < left else { throw .damaged("the file is torn") }
            phase = .file(.after(rest))
        case .mark(let mark):
            if file.isComplete {
                phase = .mark(mark)
                return true
            }
        }
        guard pending.count < maximumUnit else { throw .tooLarge }
        return false
    }

    private mutating func endFile() {
        sink.endFile()
        isComplete = true
        phase = .records
    }

    // MARK: The records

    static let longRecord = StreamError.damaged("a record or a group of them is longer than any may be")

    private mutating func readRecords() throws(StreamError) -> Event? {
        guard let unit = try nextUnit() else {
            // Not too large for good: the next copy is made of files that need not hold it.
            guard pending.count < maximumUnit else { throw Self.longRecord }
            return nil
        }
        guard var end = position else { preconditionFailure("records follow an answer that says where they are") }
        end.offset += UInt64(unit.length)
        if unit.empties, self.unit == nil {
            self.unit = unit
            return .empties(until: end)
        }
        self.unit = nil
        if unit.isGroup { sink.beginGroup() }
        do throws(FormatError) {
            let input = pending
            try records.read(input.span, 0..<unit.length, into: &sink) { _ in }
        } catch {
            throw .damaged("a record is damaged: \(error.reason)")
        }
        if unit.isGroup, sink.objection == nil { sink.endGroup() }
        try check()
        pending.consume(unit.length)
        position = end
        return .applied
    }

    private mutating func nextUnit() throws(StreamError) -> RecordPieces.Unit? {
        if let unit { return unit }
        do throws(FormatError) {
            let input = pending
            return try pieces.next(input.span)
        } catch {
            throw .damaged("a record is damaged: \(error.reason)")
        }
    }

    private func check() throws(StreamError) {
        if let objection = sink.objection { throw .damaged(objection) }
        if table.isFull() { throw .full }
    }
}

/// Why a copy is given up. Contains no part of a key or a value.
package enum StreamError: Error, Sendable, Equatable {
    /// The daemon has answered with an error; its first word.
    case refused(String)
    /// What was read is not what our daemon sends.
    case damaged(String)
    /// An entry or a group of records is longer than ``StreamIn/maximumUnit``.
    case tooLarge
    /// The table has reached its limit.
    case full
}
