import Denylist
import RESP

/// How one of our files writes the expiries of guarded keys after it: ``shift`` later, so a server that uses the
/// wall clock ends none early. Our own reading subtracts the shift again.
///
/// A note is an annotation line in a log, an auxiliary field in a snapshot. Other servers skip both.
package struct TimeNote: Sendable, Equatable {
    /// A random number of the process that wrote the note. A clock checkpoint counts only for logs whose run it names.
    package let run: UInt64
    /// How far guarded time is behind the wall clock, in milliseconds; 0 if it is not.
    package let shift: Int64
    /// Guarded time, in milliseconds: no later than when the note was written.
    package let guarded: Int64

    package init(run: UInt64, shift: Int64, guarded: Int64) {
        self.run = run
        self.shift = shift
        self.guarded = guarded
    }

    init(run: UInt64, _ moment: ClockReading) { self.init(run: run, shift: moment.shift, guarded: moment.guarded) }

    /// How much larger than needed a shift may be, in milliseconds: the clocks are read one after the other.
    private static let tolerance: Int64 = 1_000

    /// Whether expiries written at `moment` with this shift end nowhere early, and not much too late.
    @inline(__always)
    func fits(_ moment: ClockReading) -> Bool {
        let excess = shift - moment.shift
        return excess >= 0 && excess <= Self.tolerance
    }

    /// An expiry as written in a file.
    @inline(__always)
    func written(_ expiry: Int64, isGuarded: Bool) -> Int64 {
        guard isGuarded, expiry != Expiry.never else { return expiry }
        let (sum, overflow) = expiry.addingReportingOverflow(shift)
        return overflow || sum == Expiry.never ? Expiry.never - 1 : sum
    }

    // MARK: As text

    /// The auxiliary field's name.
    static let fieldName = "revoked-time"
    private static let word = "#revoked-time "
    /// The longest line, its end included, in bytes.
    static let maximumLine = 72

    var text: String { "\(ClockText.hexadecimal(run)) \(shift) \(guarded)" }

    /// The annotation line.
    var line: [UInt8] { Array("\(Self.word)\(text)\r\n".utf8) }

    /// Reads ``text``.
    init?(_ text: some StringProtocol) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, let run = ClockText.number(words[0]), let shift = ClockText.time(words[1]),
            let guarded = ClockText.time(words[2])
        else { return nil }
        self.init(run: run, shift: shift, guarded: guarded)
    }

    /// Whether a line of a log is, or begins as, a note.
    static func recognizes(_ line: RawSpan) -> Bool {
        line.byteCount >= word.utf8.count
            && line.extracting(first: word.utf8.count).equalsIgnoringCase("#revoked-time ")
    }

    /// Reads a line, its end included.
    init?(line: RawSpan) {
        guard Self.recognizes(line), line.byteCount <= Self.maximumLine else { return nil }
        let text = line.withUnsafeBytes { String(decoding: $0.dropFirst(Self.word.utf8.count), as: UTF8.self) }
        guard text.hasSuffix("\r\n") else { return nil }
        self.init(text.dropLast())
    }
}

/// Numbers in files about clocks, each written in one way only.
enum ClockText {
    static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// 16 hexadecimal digits.
    static func number(_ text: some StringProtocol) -> UInt64? {
        text.utf8.count == 16 && text.utf8.first != UInt8(ascii: "+") ? UInt64(text, radix: 16) : nil
    }

    /// Milliseconds from 0 on. Sums of a few never overflow.
    static func time(_ text: some StringProtocol) -> Int64? {
        guard let number = Int64(text), (0..<1 << 50).contains(number), text.utf8.first != UInt8(ascii: "+") else {
            return nil
        }
        return number
    }
}
