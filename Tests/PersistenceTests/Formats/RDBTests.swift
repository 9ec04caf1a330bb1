import Denylist
import Testing

@testable import Persistence

struct RDBTests {
    static let far: Int64 = 4_000_000_000_000

    /// A snapshot of `count` revocations and some odd keys, written in pieces.
    static func snapshot(of count: Int, isLogBase: Bool = false) -> (
        bytes: [UInt8], entries: [String: RecordingSink.Entry]
    ) {
        var writer = RDBWriter(created: 1_700_000_000, isLogBase: isLogBase, entries: count + 3, expiring: count)
        var bytes: [UInt8] = []
        var entries: [String: RecordingSink.Entry] = [:]
        func append(_ key: String, _ value: String, _ expiry: Int64) {
            writer.append(Array(key.utf8).span.bytes, Array(value.utf8).span.bytes, expiry: expiry)
            entries[key] = .init(value: value, expiry: expiry)
        }
        for number in 0..<count {
            append("revoked:jti:\(number)", "logout", far + Int64(number))
            if number % 7 == 0 { writer.drain { piece in piece.withUnsafeBytes { bytes += Array($0) } } }
        }
        append("", "", Expiry.never)
        append(String(repeating: "k", count: 70), String(repeating: "v", count: 20_000), Expiry.never)
        append("number", "1234", far)
        writer.finish()
        writer.drain { piece in piece.withUnsafeBytes { bytes += Array($0) } }
        return (bytes, entries)
    }

    static func read(
        _ bytes: [UInt8], skipsUnsupported: Bool = false
    ) throws(FormatError) -> (end: Int, counts: RecordCounts, sink: RecordingSink) {
        var sink = RecordingSink()
        let settings = ReadConfiguration(now: 0, skipsUnsupported: skipsUnsupported)
        let (end, counts) = try RDBReader.read(bytes.span.bytes, settings, into: &sink)
        return (end, counts, sink)
    }

    @Test func readsBackWhatItWrote() throws {
        let (bytes, entries) = Self.snapshot(of: 100)
        let read = try Self.read(bytes)
        #expect(read.sink.entries == entries && read.end == bytes.count && read.counts == .init(records: 103))
    }

    @Test func refusesAnythingThatIsCut() {
        let (bytes, _) = Self.snapshot(of: 20)
        for count in 0..<bytes.count {
            #expect(throws: FormatError.self) { try Self.read(Array(bytes[..<count])) }
        }
    }

    @Test func refusesAFlippedBit() {
        let (bytes, _) = Self.snapshot(of: 20)
        for index in bytes.indices where index < 1500 || index > bytes.count - 100 {
            for bit in 0..<8 {
                var wrong = bytes
                wrong[index] ^= 1 << UInt8(bit)
                #expect(throws: FormatError.self, "bit \(bit) of byte \(index)") { try Self.read(wrong) }
            }
        }
    }

    /// Everything that may stand in a string's place, without a checksum.
    @Test func readsEveryEncoding() throws {
        var bytes = Array("REDIS0011".utf8)
        bytes += [0xFA, 1, 0x61, 0xC0, 64, 0xFE, 0, 0xFB, 5, 2, 0xF4, 1, 2, 3]
        bytes += [0xFD, 0xE8, 3, 0, 0, 0, 1, 0x61, 0xC0, 0x80]  // seconds; -128
        bytes += [0xF8, 5, 0xF9, 200, 0, 1, 0x62, 0xC1, 0x39, 0x30]  // idle, frequency; 12345
        bytes += [0, 0x40, 1, 0x63, 0xC2, 0xFF, 0xFF, 0xFF, 0x7F]  // a length of 14 bits; 2147483647
        bytes += [0, 0xC1, 0x85, 0xFF, 0x80, 0, 0, 0, 2, 0x68, 0x69]  // the key -123; a length of 32 bits
        bytes += [0, 1, 0x64, 0x81, 0, 0, 0, 0, 0, 0, 0, 1, 0x78]  // a length of 64 bits
        bytes += [0, 1, 0x65, 0xC3, 5, 10, 0, 0x61, 0xE0, 0, 0]  // compressed: ten letters
        bytes += [0xFF] + [UInt8](repeating: 0, count: 8)
        let read = try Self.read(bytes)
        #expect(
            read.sink.entries == [
                "a": .init(value: "-128", expiry: 1_000_000), "b": .init(value: "12345", expiry: Expiry.never),
                "c": .init(value: "2147483647", expiry: Expiry.never), "-123": .init(value: "hi", expiry: Expiry.never),
                "d": .init(value: "x", expiry: Expiry.never), "e": .init(value: "aaaaaaaaaa", expiry: Expiry.never),
            ])
    }

    @Test(arguments: [
        ("REDIS0099", "version 99"), ("REDIS0005", "version 5"), ("VALKEY012", "version 12"),
        ("REDIS0010\u{1}", "type list"),
        ("REDIS0010\u{f}", "type stream"), ("REDIS0010\u{7}", "type module"), ("VALKEY080\u{16}", "type hash"),
        ("REDIS0010\u{1e}", "unknown mark"),
    ])
    func saysWhatItCannotRead(_ text: String, _ reason: String) {
        let error = #expect(throws: FormatError.self) { try Self.read(Array(text.utf8)) }
        #expect(error?.code == .unsupported && error?.reason.contains(reason) == true)
    }

    /// A length is believed only as far as bytes are there.
    @Test func aLengthIsNoPromise() {
        for text in [[0x81, 0x7F, 0, 0, 0, 0, 0, 0, 0], [0xC3, 4, 0x80, 0x1F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]]
            as [[UInt8]]
        {
            #expect(throws: FormatError.self) { try Self.read(Array("REDIS0010".utf8) + [0, 1, 0x61] + text) }
        }
    }
}
