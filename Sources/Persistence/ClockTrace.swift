public import Denylist
import Dispatch
import Synchronization

/// `revoked.clock`: how far the daemon's time has got, so that the daemon that follows goes on from there, should the wall
/// clock be set back before it starts. It is not synced: a power loss may take what the last seconds wrote.
///
/// It is written by a thread of its own, so that nobody else waits for the disk.
final class ClockTrace: Sendable {
    private struct State {
        var reading: SlewedClock.Reading?
        var isEnding = false
    }

    private let files: any FileSystem
    private let path: String
    private let state = Mutex(State())
    private let doorbell = DispatchSemaphore(value: 0)

    init(_ data: DataDirectory) {
        files = data.files
        path = data.path("revoked.clock")
    }

    /// What the daemon before left; nil if that is nothing, or nothing that can be read. Then the file is made: what there
    /// is no room for later can still be written over.
    func read() -> SlewedClock.Reading? {
        guard let reading = (try? files.contents(of: path)).flatMap(Self.parse) else {
            write(.init(time: 0, wall: 0))
            return nil
        }
        return reading
    }

    /// Has a reading written, soon.
    func leave(_ reading: SlewedClock.Reading) {
        state.withLock { $0.reading = reading }
        doorbell.signal()
    }

    func end() {
        state.withLock { $0.isEnding = true }
        doorbell.signal()
    }

    /// Until ``end()``.
    func run() {
        while true {
            doorbell.wait()
            let (reading, isEnding) = state.withLock { ($0.reading.take(), $0.isEnding) }
            if let reading { write(reading) }
            if isEnding { return }
        }
    }

    private static func parse(_ contents: FileContents) -> SlewedClock.Reading? {
        let text = contents.withBytes { bytes in
            String(decoding: bytes.withUnsafeBytes { $0.prefix(64) }, as: UTF8.self)
        }
        let numbers = text.split(whereSeparator: \.isWhitespace).map { Int64($0) }
        // Out of these, nothing overflows.
        guard numbers.count == 2, let time = numbers[0], let wall = numbers[1], (1..<1 << 50).contains(time),
            (1..<1 << 50).contains(wall)
        else { return nil }
        return SlewedClock.Reading(time: time, wall: wall)
    }

    /// Always as many bytes, written over those that are there: that takes no room, even while the disk is full.
    private func write(_ reading: SlewedClock.Reading) {
        let text = "\(Self.padded(reading.time)) \(Self.padded(reading.wall))\n"
        // If it fails, so does the log, which goes to the same directory and says so.
        try? files.overwrite(path, with: text.utf8.span.bytes)
    }

    private static func padded(_ number: Int64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 16 - digits.count)) + digits
    }
}

extension Persistence {
    /// How far the time of the daemon before this one had got; nil if that is not known.
    public func leftReading() -> SlewedClock.Reading? {
        settings.withLock { $0.isLogging } ? clockTrace.read() : nil
    }

    /// Leaves word of the time for the daemon that follows. Never waits for the disk.
    public func leave(_ reading: SlewedClock.Reading) {
        if settings.withLock({ $0.isLogging }) { clockTrace.leave(reading) }
    }
}
