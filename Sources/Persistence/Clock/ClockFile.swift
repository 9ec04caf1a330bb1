import Denylist
import Dispatch
import Synchronization

/// `revoked.clock`: the last checkpoint of the daemon's clocks. A checkpoint is on disk before anything relies on it.
///
/// The file is one line of a fixed length, overwritten in place. That takes no extra room on a full disk, and a disk
/// writes so few bytes as a whole.
final class ClockFile: Sendable {
    private struct Writer {
        /// The runs that this process's checkpoints name.
        var runs: [UInt64] = []
        var hasFailed = false
    }

    private let data: DataDirectory
    private let clock: any DaemonClock
    /// Locked from the making of a checkpoint until the clock knows it is stored: no later one is overwritten.
    private let writer = Mutex(Writer())
    private let doorbell = DispatchSemaphore(value: 0)
    private let isEnding = Atomic(false)
    private let keeps = Atomic(false)

    static let name = "revoked.clock"

    init(_ data: DataDirectory, _ clock: any DaemonClock) {
        self.data = data
        self.clock = clock
    }

    /// The clocks that the previous daemon left. A file that is empty or all zeros counts as none: a power loss came
    /// before the first checkpoint was on disk, so nothing relied on it. After damage it is unknown which times `TIME`
    /// has answered, and under the same epoch it must not answer them again.
    static func read(in data: DataDirectory) throws(FileError) -> ClockEvidence.LeftClocks {
        guard try data.files.exists(data.path(name)) else { return .nothing }
        let contents = try data.files.contents(of: data.path(name))
        guard contents.withBytes({ bytes in bytes.withUnsafeBytes { $0.contains { $0 != 0 } } }) else {
            return .nothing
        }
        return ClockLine.parse(
            contents.withBytes { bytes in
                String(decoding: bytes.withUnsafeBytes { $0.prefix(ClockLine.length + 1) }, as: UTF8.self)
            })
    }

    // MARK: Writing

    /// Begins to keep the clock: writes the first checkpoint of this process.
    func begin(runs: [UInt64]) throws(FileError) {
        writer.withLock { $0.runs = runs }
        keeps.store(true, ordering: .releasing)
        try keep(isLast: false)
    }

    /// Whether answered times must be covered by a checkpoint on disk.
    var isKept: Bool { keeps.load(ordering: .acquiring) }

    /// Stops keeping the clock: the denylist is in memory only, and the next process makes a new epoch.
    func rest() { keeps.store(false, ordering: .releasing) }

    /// Writes a checkpoint of the present.
    func keep(isLast: Bool) throws(FileError) {
        try writer.withLock { writer throws(FileError) in try store(clock.checkpoint(isLast: isLast), &writer) }
    }

    /// Writes the checkpoint that is due, if any.
    /// - Returns: the failure, if it was not reported yet.
    func keepDue() -> FileError? {
        writer.withLock { writer in
            guard isKept, let checkpoint = clock.dueCheckpoint() else { return nil }
            let hadFailed = writer.hasFailed
            do throws(FileError) { try store(checkpoint, &writer) } catch { return hadFailed ? nil : error }
            return nil
        }
    }

    private func store(_ checkpoint: ClockCheckpoint, _ writer: inout Writer) throws(FileError) {
        do throws(FileError) {
            try write(ClockLine.text(checkpoint, runs: writer.runs))
        } catch {
            writer.hasFailed = true
            clock.failed(checkpoint)
            throw error
        }
        writer.hasFailed = false
        clock.stored(checkpoint)
    }

    private func write(_ line: String) throws(FileError) {
        try data.requireOurs()
        let path = data.path(Self.name)
        let isNew = try !data.files.exists(path)
        try data.files.overwrite(path, with: line.utf8.span.bytes, .clock)
        if isNew { try data.files.synchronize(directory: data.path, .clockName) }
    }

    // MARK: The thread. Only this one waits for the disk.

    /// Asks the thread to write the checkpoint that is due.
    func ring() { doorbell.signal() }

    func end() {
        isEnding.store(true, ordering: .sequentiallyConsistent)
        doorbell.signal()
    }

    /// Runs until ``end()``.
    func run(_ notify: (PersistenceNotice) -> Void) {
        while !isEnding.load(ordering: .sequentiallyConsistent) {
            if let failure = keepDue() {
                notify(.error("the clock cannot be kept, and TIME will stand still: \(failure)"))
            }
            doorbell.wait()
        }
    }
}

/// The text of `revoked.clock`: a word, the checkpoint, the runs, padding, and a checksum.
enum ClockLine {
    /// In bytes, the line end included. A disk writes 512 bytes as a whole.
    static let length = 448
    private static let word = "revoked-clock2"
    private static let unknown = "-"

    static func text(_ checkpoint: ClockCheckpoint, runs: [UInt64]) -> String {
        precondition(runs.count <= ClockEvidence.maximumRuns, "more runs than there is room for")
        let times = [checkpoint.guarded, checkpoint.time, checkpoint.limit, checkpoint.boot].map { "\(max(0, $0))" }
        let identity = [checkpoint.identity?.bootID ?? unknown, checkpoint.identity?.timeNamespace ?? unknown]
        var text = ([word] + times + identity + runs.map(ClockText.hexadecimal)).joined(separator: " ")
        let room = length - 18 - text.utf8.count
        precondition(room >= 0, "a checkpoint that is too long")
        text += String(repeating: " ", count: room)
        return "\(text) \(checksum(of: text))\n"
    }

    private static func checksum(of text: String) -> String {
        ClockText.hexadecimal(CRC64().adding(text.utf8.span.bytes).value)
    }

    static func parse(_ text: String) -> ClockEvidence.LeftClocks {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.first.map(String.init) == word else { return parseReading(words) }
        guard text.utf8.count == length, words.count >= 8, words.count <= 8 + ClockEvidence.maximumRuns,
            text.hasSuffix(" \(checksum(of: String(text.dropLast(18))))\n")
        else { return .damaged }
        let times = words[1...4].compactMap { ClockText.time($0) }
        let runs = words[7..<(words.count - 1)].compactMap { ClockText.number($0) }
        guard times.count == 4, runs.count == words.count - 8 else { return .damaged }
        let checkpoint = ClockCheckpoint(
            guarded: times[0], time: times[1], limit: times[2], boot: times[3],
            identity: words[5] == unknown
                ? nil : BootIdentity(bootID: String(words[5]), timeNamespace: String(words[6])))
        return .checkpoint(checkpoint, runs: runs)
    }

    /// The format of earlier releases: two times.
    private static func parseReading(_ words: [Substring]) -> ClockEvidence.LeftClocks {
        let times = words.compactMap { Int64($0) }
        guard words.count == 2, times.count == 2, times.allSatisfy({ (1..<1 << 50).contains($0) }) else {
            return .damaged
        }
        return .reading(time: times[0], wall: times[1])
    }
}
