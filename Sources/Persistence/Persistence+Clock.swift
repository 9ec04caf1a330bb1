public import Denylist
import Synchronization

/// `revoked.clock`: for as long as the daemon's time is ahead of a wall clock that was set back, so that the daemon that
/// follows goes on from there. It is not synced: with the power, the machine's clock goes as well.
extension Persistence {
    private var clockPath: String { data.path("revoked.clock") }

    /// What the daemon before left; nil if that is nothing, or nothing that can be read.
    public var leftReading: SlewedClock.Reading? {
        guard settings.withLock({ $0.isLogging }), let contents = try? data.files.contents(of: clockPath) else {
            return nil
        }
        let text = contents.withBytes { bytes in
            String(decoding: bytes.withUnsafeBytes { $0.prefix(64) }, as: UTF8.self)
        }
        let numbers = text.split(whereSeparator: \.isWhitespace).map { Int64($0) }
        // Out of these, nothing overflows.
        guard numbers.count == 2, let time = numbers[0], let wall = numbers[1], (0..<1 << 50).contains(time),
            (0..<1 << 50).contains(wall)
        else { return nil }
        return SlewedClock.Reading(time: time, wall: wall)
    }

    /// - Parameter reading: nil if nothing needs to be left any more.
    public func leave(_ reading: SlewedClock.Reading?) {
        guard settings.withLock({ $0.isLogging }) else { return }
        do throws(FileError) {
            guard let reading else { return try data.files.remove(clockPath) }
            let new = clockPath + ".new"
            try data.files.create(new).write("\(reading.time) \(reading.wall)\n".utf8.span.bytes)
            try data.files.rename(new, to: clockPath)
        } catch {
            notify(.warning("revoked.clock: \(error)"))
        }
    }
}
