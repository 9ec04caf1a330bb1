public import Denylist
import Synchronization

/// `revoked.clock`: how far the daemon's time has got, so that the daemon that follows goes on from there, should the wall
/// clock be set back before it starts. It is not synced: a power loss may take what the last seconds wrote.
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
        guard numbers.count == 2, let time = numbers[0], let wall = numbers[1], (1..<1 << 50).contains(time),
            (1..<1 << 50).contains(wall)
        else { return nil }
        return SlewedClock.Reading(time: time, wall: wall)
    }

    /// Always as many bytes, written over those that are there: that takes no room, even while the disk is full.
    public func leave(_ reading: SlewedClock.Reading) {
        guard settings.withLock({ $0.isLogging }) else { return }
        let text = "\(Self.padded(reading.time)) \(Self.padded(reading.wall))\n"
        // If it fails, so does the log, which goes to the same directory and says so.
        try? data.files.overwrite(clockPath, with: text.utf8.span.bytes)
    }

    private static func padded(_ number: Int64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 16 - digits.count)) + digits
    }
}
