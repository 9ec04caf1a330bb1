import Denylist
import Testing

@testable import Persistence

/// How files say that the expiries of guarded keys are put off, and how they are read.
@Suite struct TimeNoteTests {
    private static let note = TimeNote(run: 0xABC, shift: 7_200_000, guarded: 1_790_000_000_000)
    private static let guarded: Int64 = 1_790_000_000_000
    private static let expiry: Int64 = 1_790_001_000_000

    @Test func aLineIsReadAsItWasWritten() {
        #expect(Self.note.line == Array("#revoked-time 0000000000000abc 7200000 1790000000000\r\n".utf8))
        #expect(TimeNote(line: Self.note.line.span.bytes) == Self.note)
        let longest = TimeNote(run: .max, shift: 1 << 50 - 1, guarded: 1 << 50 - 1)
        #expect(longest.line.count <= TimeNote.maximumLine && TimeNote(line: longest.line.span.bytes) == longest)
        for count in Self.note.line.indices {
            #expect(TimeNote(line: Array(Self.note.line[..<count]).span.bytes) == nil)
        }
    }

    @Test(arguments: [
        "", "abc 1 2", "0000000000000abc -1 2", "0000000000000abc 1", "0000000000000abc 1 2 3", "0000000000000abc  1 2",
    ])
    func whatIsNoNoteIsNone(_ text: String) { #expect(TimeNote(text) == nil) }

    /// Reads a file into a table where guarded time is `guarded`.
    private static func read(
        wall: Int64 = guarded, _ body: (inout TableSink) throws -> Void
    ) rethrows -> (entries: Contents, foreign: Int) {
        let denylist = Denylist.small()
        var sink = TableSink(denylist, at: ClockReading(wall: wall, guarded: guarded))
        try body(&sink)
        // What had not ended then is there, whatever is asked for below.
        _ = sink.finish()
        return (denylist.contents(at: ClockReading(wall: .min, guarded: .min)), sink.foreign)
    }

    /// What guarded keys are put off by is taken off again, and plain keys are as they are.
    @Test func ofALogExactlyThatIsTakenOffAgain() throws {
        var log = TestLog()
        let later = TimeNote(run: 1, shift: 9, guarded: Self.guarded)
        log.append { bytes in
            bytes += Self.note.line
            bytes.appendSet("revoked:jti:a", "v", expiry: Self.expiry + 7_200_000)
            bytes.appendSet("plain", "v", expiry: Self.expiry)
            bytes += later.line
            bytes.appendSet("revoked:jti:b", "v", expiry: Self.expiry + 9)
        }
        log.append { bytes in bytes.appendSet("revoked:jti:c", "v", expiry: Self.expiry + 9) }
        let read = try Self.read { sink in
            _ = try LogReader.read(log.bytes.span.bytes, ReadConfiguration(now: 0), into: &sink)
        }
        #expect(Set(read.entries.values.map(\.expiry)) == [Self.expiry] && read.entries.count == 4)
        #expect(read.foreign == 0)
        #expect(LogReader.firstNote(in: log.bytes.span.bytes) == Self.note)
    }

    @Test func ofASnapshotToo() throws {
        var writer = RDBWriter(created: 1_790_000_000, isLogBase: true, entries: 3, expiring: 3, note: Self.note)
        func append(_ key: String, _ expiry: Int64) {
            writer.append(Array(key.utf8).span.bytes, [1].span.bytes, expiry: expiry)
        }
        append("revoked:jti:a", Self.expiry + 7_200_000)
        append("plain", Self.expiry)
        writer.append(TimeNote(run: 1, shift: 0, guarded: Self.guarded))
        append("revoked:jti:b", Self.expiry)
        writer.finish()
        var bytes: [UInt8] = []
        writer.drain { bytes += $0.bytes }
        let read = try Self.read { sink in
            _ = try RDBReader.read(bytes.span.bytes, ReadConfiguration(now: 0), into: &sink)
        }
        #expect(Set(read.entries.values.map(\.expiry)) == [Self.expiry] && read.entries.count == 3)
        let times = RDBReader.times(of: bytes.span.bytes)
        #expect(times == RDBReader.Times(note: Self.note, created: 1_790_000_000_000))
    }

    /// What another server appended is Unix time: it ends no earlier on guarded time, which may be ahead of that.
    @Test(arguments: [0, 5_000]) func whatAnotherServerAppendedIsUnixTime(_ lead: Int64) throws {
        var log = TestLog()
        log.append { bytes in
            bytes += Self.note.line
            bytes.appendSet("revoked:jti:a", "v", expiry: Self.expiry + 7_200_000)
        }
        log.bytes.append(request: "SELECT", "0")
        log.bytes.appendSet("revoked:jti:b", "v", expiry: Self.expiry)
        let read = try Self.read(wall: Self.guarded - lead) { sink in
            _ = try LogReader.read(log.bytes.span.bytes, ReadConfiguration(now: 0), into: &sink)
        }
        #expect(read.entries[Array("revoked:jti:a".utf8)]?.expiry == Self.expiry)
        #expect(read.entries[Array("revoked:jti:b".utf8)]?.expiry == Self.expiry + lead)
        #expect(read.foreign == 1)
    }

    /// Nothing is dropped that guarded time has not passed, whatever the wall clock says.
    @Test(arguments: [Int64(-86_400_000), 0, 86_400_000]) func nothingIsDroppedThatHasNotEnded(_ error: Int64) throws {
        var log = TestLog()
        log.append { bytes in
            bytes += TimeNote(run: 1, shift: 0, guarded: Self.guarded).line
            bytes.appendSet("revoked:jti:a", "v", expiry: Self.guarded + 1)
            bytes.append(request: "PEXPIREAT", "revoked:jti:a", "\(Self.guarded + 2)")
            bytes.appendSet("revoked:jti:b", "v", expiry: Self.guarded)
        }
        let read = try Self.read(wall: Self.guarded + error) { sink in
            _ = try LogReader.read(log.bytes.span.bytes, ReadConfiguration(now: 0), into: &sink)
        }
        #expect(read.entries.keys.map { String(decoding: $0, as: UTF8.self) } == ["revoked:jti:a"])
    }

    /// The latest expiry that there is stays one, and is never taken for none.
    @Test(arguments: [.max - 1, .max - 7_200_000, .max - 7_200_001, 1] as [Int64])
    func anExpiryIsPutOffByNoMoreThanThereIs(_ expiry: Int64) {
        let latest = Int64.max - 1
        let later = expiry > latest - 7_200_000 ? latest : expiry + 7_200_000
        #expect(Self.note.written(expiry, isGuarded: true) == later)
        #expect(Self.note.written(expiry, isGuarded: false) == expiry)
        #expect(Self.note.written(Expiry.never, isGuarded: true) == Expiry.never)
    }

    @Test func aNoteThatIsDamagedIsDamage() {
        var log = TestLog()
        log.append { bytes in bytes += "#revoked-time 1 2\r\n".utf8 }
        #expect(throws: FormatError.self) { try log.read() }
    }
}
