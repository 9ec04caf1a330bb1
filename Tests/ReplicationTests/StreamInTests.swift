import Denylist
import Persistence
import Testing

@testable import Persistence
@testable import Replication

/// What a follower makes of a replication stream.
@Suite struct StreamInTests {
    static let stretch = String(repeating: "ab", count: 20)
    private static let later = ClockReading(wall: 1_900_000_000_000, guarded: 1_900_000_000_000)
    private static let expiry: Int64 = 1_950_000_000_000

    // MARK: A stream

    /// The file of a daemon whose guarded time is 500 ms behind the wall clock, with a revocation, a plain key and
    /// another database.
    private static func file(shift: Int64? = 500) -> [UInt8] {
        var writer = RDBWriter(
            created: 1, isLogBase: true, entries: 2, expiring: 2,
            note: shift.map { TimeNote(run: 7, shift: $0, guarded: 1_800_000_000_000) })
        for (key, value) in [("revoked:jti:a", "logout"), ("plain", "x"), ("revoked:sub:alice", "1800000000000")] {
            writer.append(key.utf8.span.bytes, value.utf8.span.bytes, expiry: expiry + (shift ?? 0))
        }
        writer.select(3, entries: 1, expiring: 0)
        writer.append("cache".utf8.span.bytes, "y".utf8.span.bytes, expiry: Expiry.never)
        writer.finish()
        var bytes: [UInt8] = []
        writer.drain { bytes += $0.withUnsafeBytes(Array.init) }
        return bytes
    }

    private static func record(_ words: String...) -> [UInt8] {
        Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
    }

    private static func set(_ key: String, _ value: String, _ expiry: Int64 = expiry) -> [UInt8] {
        record("SET", key, value, "PXAT", "\(expiry)")
    }

    /// Every record that the daemon's log may hold, and what Redis says to its replicas.
    private static let records: [[UInt8]] = [
        set("revoked:jti:b", "admin"), set("plain", "z"), record("DEL", "revoked:jti:a"),
        record("MULTI") + set("revoked:jti:c", "logout") + record("DEL", "revoked:jti:b")
            + set("revoked:jti:b", "compromised") + record("EXEC"),
        record("PING"), record("REPLCONF", "GETACK", "*"),
        record("MULTI") + record("select", "3") + record("FLUSHDB") + record("select", "0") + record("EXEC"),
        record("SWAPDB", "3", "4"), set("revoked:sid:s", "logout", expiry - 1_000), record("SET", "plain", "forever"),
        record("SELECT", "0"), record("EXPIRE", "plain", "10"),
    ]

    private static func full(_ file: [UInt8], mark: Bool = false) -> [UInt8] {
        let head = Array("\n\n+FULLRESYNC \(stretch) 1000\r\n\n".utf8)
        guard mark else { return head + Array("$\(file.count)\r\n".utf8) + file }
        let mark = Array(String(repeating: "m", count: 40).utf8)
        return head + Array("$EOF:".utf8) + mark + Array("\r\n".utf8) + file + mark
    }

    private static let expected = [
        "revoked:jti:b=compromised@\(expiry)", "revoked:jti:c=logout@\(expiry)",
        "revoked:sid:s=logout@\(expiry - 1_000)", "revoked:sub:alice=1800000000000@\(expiry)",
    ]

    // MARK: A follower

    /// A copy, and what has happened to it.
    private final class Copy {
        let table = Denylist()
        var stream: StreamIn
        var events: [StreamIn.Event] = []

        init(from position: StreamIn.Position? = nil, maximumUnit: Int = StreamIn.maximumUnit) {
            stream = StreamIn(table, at: position, maximumUnit: maximumUnit)
        }

        var position: StreamIn.Position? { stream.position }
        var isComplete: Bool { stream.isComplete }

        func read(_ bytes: some Collection<UInt8>) throws(StreamError) {
            stream.append(Array(bytes).span.bytes)
            while let event = try stream.next() {
                events.append(event)
                if event == .copies { stream.copy(into: table) }
            }
        }

        /// Why a stream is given up; nil if it is not.
        func failure(_ bytes: some Collection<UInt8>) -> StreamError? {
            do throws(StreamError) { try read(bytes) } catch {
                #expect(!isComplete)
                return error
            }
            return nil
        }

        var contents: [String] { Self.contents(of: table) }

        static func contents(of table: Denylist) -> [String] {
            var found: [String] = []
            var walk = table.walk()
            while !walk.isComplete {
                walk.step(bytes: 1 << 20, at: later) { key, value, expiry in
                    func text(_ bytes: RawSpan) -> String {
                        bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
                    }
                    found.append("\(text(key))=\(text(value))@\(expiry)")
                }
            }
            return found.sorted()
        }
    }

    @Test(arguments: [false, true]) func theCopyHasTheGuardedKeysAlone(hasMark: Bool) throws {
        let copy = Copy()
        let head = Self.full(Self.file(), mark: hasMark)
        try copy.read(head)
        #expect(copy.events == [.copies, .applied])
        #expect(
            copy.contents == ["revoked:jti:a=logout@\(Self.expiry)", "revoked:sub:alice=1800000000000@\(Self.expiry)"])
        #expect(copy.position == .init(stretch: Self.stretch, offset: 1_000))
        try copy.read(Self.records.flatMap { $0 })
        #expect(copy.contents == Self.expected)
        let (isComplete, position) = (copy.isComplete, copy.position)
        #expect(isComplete && position?.offset == UInt64(1_000 + Self.records.joined().count))
    }

    /// Wherever the network cuts it.
    @Test(arguments: [false, true]) func aStreamMayBeCutAnywhere(hasMark: Bool) throws {
        let bytes = Self.full(Self.file(), mark: hasMark) + Self.records.joined()
        for cut in 1..<bytes.count {
            let copy = Copy()
            try copy.read(bytes[..<cut])
            try copy.read(bytes[cut...])
            #expect(copy.contents == Self.expected, "cut at \(cut)")
        }
        let copy = Copy()
        for byte in bytes { try copy.read([byte]) }
        let (contents, position) = (copy.contents, copy.position)
        #expect(contents == Self.expected && position?.offset == UInt64(1_000 + Self.records.joined().count))
    }

    /// No position is named that is not applied as a whole, and no group is applied in part.
    @Test func aPositionIsWhatIsApplied() throws {
        var ends: Set<UInt64> = [1_000]
        var end: UInt64 = 1_000
        for record in Self.records {
            end += UInt64(record.count)
            ends.insert(end)
        }
        let copy = Copy()
        try copy.read(Self.full(Self.file()))
        for byte in Self.records.joined() {
            try copy.read([byte])
            let (position, contents) = (copy.position, copy.contents)
            #expect(ends.contains(try #require(position).offset))
            // The group changes both.
            #expect(
                contents.contains { $0.contains("jti:c") } == contents.contains { $0.contains("jti:b=compromised") })
        }
    }

    @Test func whatEmptiesIsAnnouncedBefore() throws {
        for flush in [Self.record("FLUSHALL"), Self.record("FLUSHDB"), Self.record("flushdb", "ASYNC")] {
            for group in [false, true] {
                let copy = Copy()
                try copy.read(Self.full(Self.file()))
                let before = Self.set("revoked:jti:x", "logout")
                let unit = group ? Self.record("MULTI") + flush + Self.record("EXEC") : flush
                copy.stream.append((before + unit + before).span.bytes)
                var event = try copy.stream.next()
                #expect(event == .applied)
                let end = StreamIn.Position(stretch: Self.stretch, offset: UInt64(1_000 + before.count + unit.count))
                event = try copy.stream.next()
                #expect(event == .empties(until: end))
                #expect(copy.contents.count == 3)
                event = try copy.stream.next()
                #expect(event == .applied)
                #expect(copy.position == end && copy.contents.isEmpty)
                try copy.read([])
                #expect(copy.contents == ["revoked:jti:x=logout@\(Self.expiry)"])
            }
        }
    }

    @Test func aCopyGoesOnWhereItWas() throws {
        let position = StreamIn.Position(stretch: Self.stretch, offset: 5_000)
        #expect(StreamIn.request(from: position) == (Self.stretch, "5001"))
        #expect(StreamIn.request(from: nil) == ("?", "-1"))
        for answer in ["+CONTINUE \(Self.stretch)\r\n", "+CONTINUE\r\n"] {
            let copy = Copy(from: position)
            try copy.read(Array(answer.utf8) + Self.set("revoked:jti:b", "admin"))
            #expect(copy.events == [.resumes, .applied] && copy.contents == ["revoked:jti:b=admin@\(Self.expiry)"])
        }
        // A daemon that was restarted calls it otherwise.
        let (next, restarted) = (String(repeating: "0", count: 40), Copy(from: position))
        try restarted.read(Array("+CONTINUE \(next)\r\n".utf8))
        #expect(restarted.position == StreamIn.Position(stretch: next, offset: 5_000))
        let copy = Copy()
        #expect(copy.failure("+CONTINUE \(Self.stretch)\r\n".utf8) != nil)
    }

    // MARK: What is not believed

    @Test func aDamagedFileIsNoCopy() {
        let file = Self.file()
        // Torn: the announced length is that of the torn file.
        for length in 1..<file.count {
            let copy = Copy()
            #expect(copy.failure(Self.full(Array(file[..<length])) + Self.records[0]) != nil, "of length \(length)")
        }
        for index in file.indices {
            var damaged = file
            damaged[index] ^= 0x20
            let copy = Copy()
            #expect(copy.failure(Self.full(damaged) + Self.records[0]) != nil, "at \(index)")
        }
        var copy = Copy()
        #expect(copy.failure(Self.full(file + [0])) == .damaged("the file is torn"))
        copy = Copy()
        #expect(copy.failure(Self.full(Self.file(shift: nil))) == .damaged("a file that another server wrote"))
    }

    @Test(arguments: [
        "-ERR no\r\n", "+OK\r\n", "+FULLRESYNC\r\n", "+FULLRESYNC ? 1\r\n", "+CONTINUE x\r\n", "HTTP/1.1 400\r\n",
        "+FULLRESYNC \(stretch) -1\r\n", "+FULLRESYNC \(stretch) 99999999999999999999\r\n",
        "+FULLRESYNC \(stretch) 1\r\n$-1\r\n", "+FULLRESYNC \(stretch) 1\r\n$99999999999999999999\r\n",
        "+FULLRESYNC \(stretch) 1\r\n$EOF:short\r\n", "+FULLRESYNC \(stretch) 1\r\n+OK\r\n",
        String(repeating: "x", count: 600),
    ]) func anotherAnswerIsRefused(text: String) {
        let copy = Copy()
        #expect(copy.failure(text.utf8) != nil)
    }

    @Test(arguments: [
        "*3\r\n$3\r\nSET\r\n", "garbage\r\n", "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n", "*1\r\n$4\r\nEXEC\r\n",
        "*2\r\n$999999999999\r\n", "*3\r\n$5\r\nLPUSH\r\n$1\r\na\r\n$1\r\nb\r\n", "#note\r\n", "\n", "*0\r\n",
        "*3\r\n$6\r\nAPPEND\r\n$13\r\nrevoked:jti:a\r\n$1\r\nx\r\n", "*2\r\n$7\r\nPERSIST\r\n$13\r\nrevoked:jti:a\r\n",
        "*3\r\n$6\r\nRENAME\r\n$13\r\nrevoked:jti:a\r\n$1\r\nx\r\n", "*3\r\n$6\r\nSWAPDB\r\n$1\r\n0\r\n$1\r\n1\r\n",
        "*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n*3\r\n$3\r\nSET\r\n$13\r\nrevoked:jti:z\r\n$1\r\nx\r\n",
        "*1\r\n$5\r\nMULTI\r\n*1\r\n$5\r\nMULTI\r\n",
    ]) func aRecordThatTheDaemonNeverWritesEndsTheCopy(text: String) throws {
        let copy = Copy()
        try copy.read(Self.full(Self.file()))
        // The first one is whole only with the records behind it.
        #expect(copy.failure(Array(text.utf8) + Self.record("PING")) != nil)
        #expect(copy.contents.contains("revoked:sub:alice=1800000000000@\(Self.expiry)"))
    }

    @Test func memoryIsBounded() throws {
        var copy = Copy(maximumUnit: 1_000)
        try copy.read(Self.full(Self.file()))
        let long = "*2\r\n$3\r\nDEL\r\n$5000\r\n".utf8 + [UInt8](repeating: 0, count: 999)
        #expect(copy.failure(long) == StreamIn.longRecord)
        copy = Copy(maximumUnit: 1_000)
        try copy.read(Self.full(Self.file()))
        let group = Self.record("MULTI") + (0..<20).flatMap { Self.set("revoked:jti:\($0)", "x") }
        #expect(copy.failure(group) == StreamIn.longRecord)
        copy = Copy()
        copy.table.maximumBytes = 1 << 16
        try copy.read(Self.full(Self.file()))
        #expect(copy.failure((0..<5_000).flatMap { Self.set("revoked:jti:\($0)", "x") }) == .full)
    }
}
