import Synchronization

/// `revoked.stream` in the data directory: the stretch of the process that runs, those before it, and where the log
/// stands in them. After a restart, replicas go on with the records that they lack (``RecoveredStream``).
///
/// The file is there once a replica was served. It is one line, overwritten in place: that takes no room on a full
/// disk, and a disk writes so few bytes as a whole. An unreadable file is none: replicas then copy the whole table.
final class StreamFile: Sendable {
    private let data: DataDirectory
    private let isKept = Atomic<Bool>(false)
    /// Held while the disk works; the process of the newest note in the log when this one began.
    private let earlierRun = Mutex<UInt64>(0)

    static let name = "revoked.stream"

    init(_ data: DataDirectory) { self.data = data }

    private var path: String { data.path(Self.name) }

    /// Whether it is written at all.
    var isInUse: Bool { isKept.load(ordering: .acquiring) }

    /// - Returns: nil without a readable file.
    static func read(in data: DataDirectory) throws(FileError) -> StreamFileContents? {
        guard try data.files.exists(data.path(name)) else { return nil }
        return try data.files.contents(of: data.path(name)).withBytes { bytes in
            let length = StreamFileContents.length + 1
            return StreamFileContents(String(decoding: bytes.withUnsafeBytes { $0.prefix(length) }, as: UTF8.self))
        }
    }

    /// Comes at the start, before anything is appended: what the file says would be wrong of a log that goes on.
    /// - Parameters:
    ///   - earlierRun: the process of the newest note in the log; 0 without one.
    ///   - make: what is written, if there is a file at all.
    func begin(after earlierRun: UInt64, _ make: (_ earlierRun: UInt64) -> StreamFileContents?) throws(FileError) {
        self.earlierRun.withLock { $0 = earlierRun }
        guard try data.files.exists(path) else { return }
        isKept.store(true, ordering: .releasing)
        do throws(FileError) { try write(make) } catch { try forget() }
    }

    /// Writes what `make` returns, durably.
    func write(_ make: (_ earlierRun: UInt64) -> StreamFileContents?) throws(FileError) {
        try earlierRun.withLock { earlierRun throws(FileError) in
            guard let contents = make(earlierRun) else { return }
            try data.requireOurs()
            let isNew = try !data.files.exists(path)
            try data.files.overwrite(path, with: contents.text.utf8.span.bytes, .stream)
            if isNew { try data.files.synchronize(directory: data.path, .streamName) }
            isKept.store(true, ordering: .releasing)
        }
    }

    /// Removes the file: no replica goes on from before.
    func forget() throws(FileError) {
        guard try data.files.exists(path) else { return }
        try data.files.remove(path)
        try data.files.synchronize(directory: data.path, .streamName)
    }
}

/// What `revoked.stream` says: a word, the stretch, its process, that of the newest note before it, an increment and
/// the position of its first record, the stretches before with their ends, padding, and a checksum.
struct StreamFileContents: Equatable {
    var stretch: String
    var run: UInt64
    var earlierRun: UInt64
    /// The increment with this salt begins at this position.
    var salt: UInt64
    var position: UInt64
    var before: [LogStretch.Ended]

    /// In bytes, the line end included. A disk writes 512 bytes as a whole.
    static let length = 480
    /// The stretches before that are remembered.
    static let maximumBefore = 5
    static let maximumPosition: UInt64 = 1 << 62
    private static let word = "revoked-stream1"

    var text: String {
        precondition(before.count <= Self.maximumBefore, "more stretches than there is room for")
        let numbers = [run, earlierRun, salt].map(ClockText.hexadecimal) + ["\(position)"]
        let ends = before.flatMap { [$0.id, "\($0.end)"] }
        let words = ([Self.word, stretch] + numbers + ends).joined(separator: " ")
        let room = Self.length - 18 - words.utf8.count
        precondition(room >= 0, "a line that is too long")
        let text = words + String(repeating: " ", count: room)
        return "\(text) \(Self.checksum(of: text))\n"
    }

    private static func checksum(of text: String) -> String {
        ClockText.hexadecimal(CRC64().adding(text.utf8.span.bytes).value)
    }

    init(
        stretch: String, run: UInt64, earlierRun: UInt64, salt: UInt64, position: UInt64, before: [LogStretch.Ended]
    ) {
        self.stretch = stretch
        self.run = run
        self.earlierRun = earlierRun
        self.salt = salt
        self.position = position
        self.before = before
    }

    /// - Returns: nil for anything but ``text``.
    init?(_ text: String) {
        guard text.utf8.count == Self.length, text.hasSuffix(" \(Self.checksum(of: String(text.dropLast(18))))\n")
        else { return nil }
        let words = text.split(whereSeparator: \.isWhitespace).dropLast().map(String.init)
        guard words.count >= 6, words.count % 2 == 0, words.count <= 6 + 2 * Self.maximumBefore,
            words[0] == Self.word, let run = ClockText.number(words[2]), let earlierRun = ClockText.number(words[3]),
            let salt = ClockText.number(words[4]), let position = Self.position(words[5])
        else { return nil }
        var before: [LogStretch.Ended] = []
        for index in stride(from: 6, to: words.count, by: 2) {
            guard let end = Self.position(words[index + 1]) else { return nil }
            before.append(LogStretch.Ended(id: words[index], end: end))
        }
        self.init(
            stretch: words[1], run: run, earlierRun: earlierRun, salt: salt, position: position, before: before)
    }

    private static func position(_ word: String) -> UInt64? {
        UInt64(word).flatMap { (1..<maximumPosition).contains($0) ? $0 : nil }
    }
}

extension AppendLog {
    /// Whether replicas may go on after a restart.
    package var keepsStream: Bool { streamFile.isInUse }

    /// Keeps on disk where the log stands in its stretch. Waits for the disk.
    func keepStream() throws(FileError) { try streamFile.write(streamContents) }

    /// The same, if a replica was ever served. Without it replicas copy the whole table after the next start.
    func keepStreamIfUsed() {
        if keepsStream { try? keepStream() }
    }

    /// - Returns: nil while nothing is logged.
    func streamContents(after earlierRun: UInt64) -> StreamFileContents? {
        stretch.withLock { stretch in
            stretch.segments.last.map { last in
                StreamFileContents(
                    stretch: stretch.id, run: run, earlierRun: earlierRun, salt: last.salt, position: last.position,
                    before: stretch.before)
            }
        }
    }
}

extension Persistence {
    /// Sees to it that replicas may go on after a restart. Comes before the first one is sent anything; waits for the
    /// disk then.
    package func keepStream() throws(PersistenceError) {
        guard !log.keepsStream else { return }
        do throws(FileError) { try log.keepStream() } catch { throw PersistenceError(error) }
    }
}
