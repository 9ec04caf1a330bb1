import Denylist
import Persistence
import Testing

@testable import Persistence
@testable import Replication

/// What is said with a stock server whose keys are imported.
@Suite struct SourceStreamTests {
    private static let stretch = String(repeating: "cd", count: 20)
    private static let other = String(repeating: "ef", count: 20)
    private static let mark = String(repeating: "m", count: 40)

    /// Writes down what it gets.
    private final class Notes: StreamSink {
        var lines: [String] = []
        var objection: StreamError?
        private var database = 0

        private func note(_ words: String...) { lines.append("\(database) " + words.joined(separator: " ")) }
        private func text(_ bytes: RawSpan) -> String {
            bytes.withUnsafeBytes { $0.count > 40 ? "\($0.count) bytes" : String(decoding: $0, as: UTF8.self) }
        }

        func endFile() {
            note("end")
            database = 0
        }
        func beginGroup() { note("begin") }
        func endGroup() { note("done") }
        func place(of key: RawSpan) {}
        func set(_ key: RawSpan, _ value: RawSpan, expiry: Int64) {
            note("set", text(key), text(value), expiry == Expiry.never ? "never" : "\(expiry)")
        }
        func setKeepingExpiry(_ key: RawSpan, _ value: RawSpan) { note("keep", text(key), text(value)) }
        func setExpiry(_ key: RawSpan, _ expiry: Int64) { note("expire", text(key), "\(expiry)") }
        func remove(_ key: RawSpan) { note("remove", text(key)) }
        func copy(_ key: RawSpan, to other: RawSpan, of database: Int?) { note("copy", text(key), text(other)) }
        func select(_ database: Int) { self.database = database }
        func removeDatabase() { note("flush") }
        func swap(_ one: Int, _ other: Int) { note("swap") }
        func removeAll() { note("flushall") }
        func skip(_ key: RawSpan) { note("skip", text(key)) }
    }

    /// A conversation with a source.
    private final class Talk {
        let notes = Notes()
        var stream: SourceStream<Notes>
        var sent: [String] = []
        var facts: SourceFacts?
        var isComplete: Bool { stream.isComplete }
        var position: StreamPosition? { stream.position }
        var events: [StreamEvent] = []

        init(at position: StreamPosition? = nil, credentials: (user: [UInt8]?, password: [UInt8])? = nil) {
            stream = SourceStream(notes, at: position, credentials: credentials)
        }

        /// - Parameter piece: how many bytes arrive at once.
        func hear(_ bytes: [UInt8], piece: Int = .max) throws(StreamError) {
            var rest = bytes[...]
            repeat {
                let now = rest.prefix(piece)
                rest = rest.dropFirst(piece)
                stream.append(Array(now).span.bytes)
                while let event = try stream.next(at: 1_800_000_000_000) {
                    switch event {
                    case .send(let bytes): sent.append(String(decoding: bytes, as: UTF8.self))
                    case .knows(let facts): self.facts = facts
                    case .stream(let event):
                        events.append(event)
                        if event == .copies { stream.copy(into: notes) }
                    }
                }
            } while !rest.isEmpty
        }

        func failure(_ bytes: [UInt8]) -> StreamError? {
            do throws(StreamError) { try hear(bytes) } catch { return error }
            return nil
        }
    }

    private static let information = """
        # Server\r\nredis_version:7.0.15\r\nrun_id:\(String(repeating: "1", count: 40))\r\n\
        server_time_usec:1800000000123456\r\nrole:master\r\nmaster_replid:\(stretch)\r\ncluster_enabled:0\r\n
        """
    private static let greeting = Array("$\(information.utf8.count)\r\n\(information)\r\n+OK\r\n".utf8)

    private static func record(_ words: String...) -> [UInt8] {
        Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
    }

    private static func text(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }

    /// A file of Redis 7: two strings, one with an expiry, a list, and a string of database 3.
    private static func file(list: [UInt8] = [1, 2] + text("x") + text("y")) -> [UInt8] {
        var bytes = Array("REDIS0010".utf8) + [0xFA] + text("redis-ver") + text("7.0.15") + [0xFE, 0, 0xFB, 3, 1]
        bytes += [0xFC] + withUnsafeBytes(of: Int64(1_900_000_000_000).littleEndian, Array.init)
        bytes += [0] + text("revoked:jti:a") + text("logout") + [0] + text("plain") + text("1")
        bytes += [1] + text("list") + list.dropFirst() + [0xFE, 3] + [0] + text("three") + text("3")
        return bytes + [0xFF] + [UInt8](repeating: 0, count: 8)
    }

    private static func full(_ file: [UInt8], isMarked: Bool) -> [UInt8] {
        let head = Array("\n+FULLRESYNC \(stretch) 1000\r\n\n\n".utf8)
        return isMarked
            ? head + Array("$EOF:\(mark)\r\n".utf8) + file + Array(mark.utf8)
            : head + Array("$\(file.count)\r\n".utf8) + file
    }

    private static let records =
        record("SELECT", "0") + record("SETEX", "revoked:jti:b", "10", "admin") + record("MULTI")
        + record("SET", "k", "v", "PXAT", "1900000000001") + record("DEL", "revoked:jti:a") + record("EXEC")
        + record("REPLCONF", "GETACK", "*") + record("SADD", "set", "member") + record("PUBLISH", "channel", "text")
        + record("SELECT", "3") + record("SET", "k", "v", "KEEPTTL") + record("FLUSHALL")

    @Test(arguments: [Int.max, 1, 7], [false, true]) func aCopyAndWhatFollows(piece: Int, isMarked: Bool) throws {
        let talk = Talk(credentials: (Array("user".utf8), Array("secret".utf8)))
        try talk.hear([])
        #expect(talk.sent == ["*3\r\n$4\r\nAUTH\r\n$4\r\nuser\r\n$6\r\nsecret\r\n"])
        try talk.hear(
            Array("+OK\r\n".utf8) + Self.greeting + Self.full(Self.file(), isMarked: isMarked) + Self.records,
            piece: piece)
        #expect(
            talk.sent.dropFirst() == [
                "*1\r\n$4\r\nINFO\r\n",
                "*5\r\n$8\r\nREPLCONF\r\n$4\r\ncapa\r\n$3\r\neof\r\n$4\r\ncapa\r\n$6\r\npsync2\r\n",
                "*3\r\n$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n",
            ])
        #expect(talk.facts?.version == "Redis 7.0.15")
        #expect(talk.facts?.time == 1_800_000_000_123)
        #expect(
            talk.notes.lines == [
                "0 set revoked:jti:a logout 1900000000000", "0 set plain 1 never", "0 skip list", "3 set three 3 never",
                "3 end", "0 set revoked:jti:b admin 1800000010000", "0 begin", "0 set k v 1900000000001",
                "0 remove revoked:jti:a", "0 done", "0 skip set", "3 keep k v", "3 flushall",
            ])
        #expect(talk.isComplete)
        #expect(talk.position == StreamPosition(stretch: Self.stretch, offset: 1000 + UInt64(Self.records.count)))
        #expect(
            SourceStream<Notes>.acknowledgement(of: 1042)
                == Array("*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$4\r\n1042\r\n".utf8))
    }

    /// A server that took the place of another goes on under a name of its own.
    @Test(arguments: ["", " \(other)"]) func itGoesOnWhereItWas(name: String) throws {
        let talk = Talk(at: StreamPosition(stretch: Self.stretch, offset: 1000))
        try talk.hear(Self.greeting + Array("+CONTINUE\(name)\r\n".utf8) + Self.record("DEL", "k"))
        #expect(talk.sent.last == "*3\r\n$5\r\nPSYNC\r\n$40\r\n\(Self.stretch)\r\n$4\r\n1001\r\n")
        #expect(talk.notes.lines == ["0 remove k"])
        #expect(talk.position == StreamPosition(stretch: name.isEmpty ? Self.stretch : Self.other, offset: 1020))
    }

    /// A key of another type that arrives in many pieces is passed over, and not looked through at each of them.
    @Test(arguments: [false, true]) func aLargeListIsPassedOver(isMarked: Bool) throws {
        let element = [0x40 | 16, 0] + [UInt8](repeating: 120, count: 4_096)
        let list = [UInt8](1...1) + [0x43, 0xE8] + (0..<1_000).flatMap { _ in element }
        let talk = Talk()
        try talk.hear(Self.greeting + Self.full(Self.file(list: list), isMarked: isMarked), piece: 64 << 10)
        #expect(talk.notes.lines.contains("0 skip list"))
        #expect(talk.isComplete)
    }

    @Test func whatNoRedisSaysEndsIt() {
        let file = Self.file()
        let torn = Array("+FULLRESYNC \(Self.stretch) 1000\r\n$\(file.count - 20)\r\n".utf8) + file
        let wrongMark =
            Array("+FULLRESYNC \(Self.stretch) 1000\r\n$EOF:\(Self.mark)\r\n".utf8) + file
            + Array(
                String(repeating: "n", count: 40).utf8)
        let bad: [[UInt8]] = [
            Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), Array(":1\r\n".utf8), Array("$-1\r\n".utf8),
            Array("$99999999\r\n".utf8), Array("$x\r\n".utf8), [UInt8](repeating: 65, count: 300_000),
            Self.greeting + Array("+OK\r\n".utf8), Self.greeting + Array("+FULLRESYNC x y\r\n".utf8),
            Self.greeting + Array("+CONTINUE\r\n".utf8), Self.greeting + [UInt8](repeating: 65, count: 600),
            Self.greeting + torn, Self.greeting + wrongMark,
            Self.greeting + Array("+FULLRESYNC \(Self.stretch) 1\r\n$-1\r\n".utf8),
            Self.greeting + Array("+FULLRESYNC \(Self.stretch) 1\r\n$30\r\n".utf8) + [UInt8](repeating: 88, count: 30),
            Self.greeting + Self.full(file, isMarked: false) + Array("garbage\r\n".utf8),
            Self.greeting + Self.full(file, isMarked: false) + Self.record("PFADD", "k", "v"),
            Self.greeting + Self.full(file, isMarked: false) + Self.record("EXEC"),
        ]
        for bytes in bad {
            let talk = Talk()
            guard case .damaged = talk.failure(bytes) else {
                Issue.record("it is not refused: \(String(decoding: bytes.suffix(60), as: UTF8.self).debugDescription)")
                continue
            }
            #expect(!talk.isComplete)
        }
    }

    @Test func whatIsRefusedIsNamedByItsFirstWord() {
        for (bytes, phase) in [([UInt8](), "first"), (Self.greeting, "last")] {
            let talk = Talk()
            #expect(
                talk.failure(bytes + Array("-NOAUTH Authentication required.\r\n".utf8)) == .refused("NOAUTH"),
                "\(phase)")
            // It is shown where lines are told apart: whoever answers cannot add any.
            let forged = Array("-ERR\nimport_state:ended\u{1B}[2J x\r\n".utf8)
            #expect(Talk().failure(bytes + forged) == .refused("ERR"), "\(phase)")
            #expect(Talk().failure(bytes + Array("-\u{1B}[2J\r\n".utf8)) == .refused(""), "\(phase)")
        }
    }

    @Test func notEveryServerIsImported() {
        func refusal(_ change: (String) -> String) -> String? {
            SourceFacts(change(Self.information)).refusal(
                ownRunID: String(repeating: "2", count: 40), ownStretch: Self.other)
        }
        #expect(refusal { $0 } == nil)
        #expect(refusal { $0.replacing(Self.stretch, with: Self.other) } == "it is a replica of this daemon")
        #expect(
            refusal { $0.replacing(String(repeating: "1", count: 40), with: String(repeating: "2", count: 40)) }
                == "it is this daemon itself")
        #expect(refusal { $0 + "server_name:revoked\r\n" } == "it is a revoked daemon: copy its data directory instead")
        #expect(refusal { $0.replacing("role:master", with: "role:slave") } == "it is a replica: name its primary")
        #expect(
            refusal { $0.replacing("cluster_enabled:0", with: "cluster_enabled:1") }
                == "it is a node of a Cluster, which holds a part of the keys only")
        #expect(refusal { _ in "" } != nil)
    }
}
