import RESP
import Testing

@Suite struct ReplyBufferTests {
    private static func write(_ version: ProtocolVersion = .two, _ body: (inout ReplyBuffer) -> Void) -> String {
        var buffer = ReplyBuffer()
        buffer.version = version
        body(&buffer)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    @Test func whatBothVersionsShare() {
        for version in [ProtocolVersion.two, .three] {
            #expect(Self.write(version) { $0.ok() } == "+OK\r\n")
            #expect(Self.write(version) { $0.simple("PONG") } == "+PONG\r\n")
            #expect(Self.write(version) { $0.error("ERR a\r\nb") } == "-ERR a  b\r\n")
            #expect(Self.write(version) { $0.error(bytes: [0x61, 0x0D, 0x62]) } == "-a b\r\n")
            #expect(Self.write(version) { $0.error(bytes: [0x61, 0x0A, 0x62, 0x0D, 0x0A]) } == "-a b\r\n")
            #expect(Self.write(version) { $0.error(bytes: [0x0D]) } == "-\r\n")
            #expect(Self.write(version) { $0.bulk("") } == "$0\r\n\r\n")
            #expect(Self.write(version) { $0.bulk("a\r\nb") } == "$4\r\na\r\nb\r\n")
            #expect(Self.write(version) { $0.bulk(([1, 2, 3] as [UInt8]).span.bytes) } == "$3\r\n\u{1}\u{2}\u{3}\r\n")
            #expect(Self.write(version) { $0.array(0) } == "*0\r\n")
            #expect(Self.write(version) { $0.array(12) } == "*12\r\n")
        }
    }

    @Test func whatTheyWriteDifferently() {
        #expect(Self.write { $0.null() } == "$-1\r\n")
        #expect(Self.write(.three) { $0.null() } == "_\r\n")
        #expect(Self.write { $0.nullArray() } == "*-1\r\n")
        #expect(Self.write(.three) { $0.nullArray() } == "_\r\n")
        #expect(Self.write { $0.map(2) } == "*4\r\n")
        #expect(Self.write(.three) { $0.map(2) } == "%2\r\n")
        #expect(Self.write { $0.set(2) } == "*2\r\n")
        #expect(Self.write(.three) { $0.set(2) } == "~2\r\n")
        #expect(Self.write { $0.verbatim("abc") } == "$3\r\nabc\r\n")
        #expect(Self.write(.three) { $0.verbatim("abc") } == "=7\r\ntxt:abc\r\n")
    }

    @Test(arguments: [0, 1, 2, -1, 9, 10, -10, 1_000_000, Int64.max, Int64.min])
    func integers(_ number: Int64) { #expect(Self.write { $0.integer(number) } == ":\(number)\r\n") }

    @Test func itGrowsAndIsReused() {
        var buffer = ReplyBuffer()
        let value = [UInt8](repeating: 0x76, count: 1 << 20)
        for _ in 0..<3 {
            buffer.bulk(value.span.bytes)
            buffer.ok()
            let (count, hasOverflowed) = (buffer.count, buffer.hasOverflowed)
            #expect(count == value.count + "$1048576\r\n\r\n+OK\r\n".utf8.count)
            #expect(!hasOverflowed)
            buffer.removeAll()
            let rest = buffer.bytes.count
            #expect(rest == 0)
        }
    }

    @Test func whatIsTakenBackIsGone() {
        let text = Self.write { buffer in
            buffer.ok()
            let start = buffer.count
            buffer.bulk("value")
            buffer.truncate(to: start)
            buffer.error("ERR no")
        }
        #expect(text == "+OK\r\n-ERR no\r\n")
    }

    @Test func beyondItsLimitItSaysSo() {
        var buffer = ReplyBuffer(limit: 1 << 20)
        let value = [UInt8](repeating: 0x76, count: 600_000)
        buffer.bulk(value.span.bytes)
        let before = buffer.hasOverflowed
        buffer.bulk(value.span.bytes)
        let (after, count) = (buffer.hasOverflowed, buffer.count)
        #expect(!before && after && count <= 1 << 20)
        var outer = ReplyBuffer()
        outer.append(buffer)
        let outerHasOverflowed = outer.hasOverflowed
        #expect(outerHasOverflowed)
        buffer.removeAll()
        buffer.ok()
        let (again, rest) = (buffer.hasOverflowed, buffer.count)
        #expect(!again && rest == 5)
    }

    @Test func oneBufferGoesBehindAnother() {
        var second = ReplyBuffer()
        second.bulk("a")
        var first = ReplyBuffer()
        first.array(1)
        first.append(second)
        let text = String(decoding: first.bytes, as: UTF8.self)
        #expect(text == "*1\r\n$1\r\na\r\n")
    }

    @Test func errorsOfTheProtocolAreOneLine() {
        #expect(ProtocolError.expectedDollar(0x0A).message == "expected '$', got ' '")
        #expect(ProtocolError.expectedDollar(0xFF).messageBytes.suffix(2) == [0xFF, UInt8(ascii: "'")])
    }
}
