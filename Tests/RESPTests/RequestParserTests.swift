import RESP
import Testing

@Suite struct RequestParserTests {
    @Test func requestsAreReadWordByWord() {
        let bytes = encode("GET", "k") + encode("SET", "", "\r\n$3\r\n") + Array("*0\r\nPING x\r\n*-1\r\n".utf8)
        let parsed = ParsedRequests(whole: bytes)
        #expect(
            parsed.items == [
                .request([Array("GET".utf8), Array("k".utf8)]),
                .request([Array("SET".utf8), [], Array("\r\n$3\r\n".utf8)]), .nothing, .line(Array("PING x\r\n".utf8)),
                .nothing,
            ])
        #expect(parsed.failure == nil && parsed.rest.isEmpty)
    }

    @Test(arguments: [
        ("*1\r\n!", ProtocolError.expectedDollar(0x21)), ("*1\r\n*1\r\n", .expectedDollar(0x2A)),
        ("*x\r\n", .invalidMultibulkLength), ("*\r\n", .invalidMultibulkLength), ("*+1\r\n", .invalidMultibulkLength),
        ("*4194305\r\n", .invalidMultibulkLength), ("*9223372036854775808\r\n", .invalidMultibulkLength),
        ("*1\rx", .missingLineEnd), ("*1\r\n$-1\r\n", .invalidBulkLength), ("*1\r\n$x\r\n", .invalidBulkLength),
        ("*1\r\n$1048577\r\n", .invalidBulkLength), ("*1\r\n$99999999999999999999\r\n", .invalidBulkLength),
        ("*1\r\n$4\r\nPING\rx", .missingLineEnd), ("*1\r\n$4\r\nPINGxx", .missingLineEnd),
        ("*1\r\n$4\rx", .missingLineEnd),
        ("*2\r\n$4\r\nPING\r\n\r\n", .expectedDollar(0x0D)),
    ])
    func whatIsNoRequestIsRefused(_ text: String, _ expected: ProtocolError) {
        let bytes = Array(text.utf8)
        #expect(ParsedRequests(whole: bytes).failure == expected)
        #expect(ParsedRequests(pieces: bytes.map { [$0] }).failure == expected)
        // What came before it stands.
        let behind = ParsedRequests(whole: encode("PING") + bytes)
        #expect(behind.items == [.request([Array("PING".utf8)])] && behind.failure == expected)
    }

    @Test func linesAndNumbersAreBounded() {
        let long = [UInt8](repeating: 0x31, count: RequestLimits.maximumLine + 1)
        #expect(ParsedRequests(whole: long).failure == .tooBigInlineRequest)
        #expect(ParsedRequests(whole: Array("*".utf8) + long).failure == .invalidMultibulkLength)
        #expect(ParsedRequests(whole: Array("*1\r\n$".utf8) + long).failure == .invalidBulkLength)
        let longest = Array(long.dropLast(2)) + [0x0A]
        #expect(ParsedRequests(whole: longest).items == [.line(longest)])
    }

    @Test func limitsAreTheLastThatIsTaken() {
        let parser = RequestParser(limits: RequestLimits(maximumBulk: 5, maximumArguments: 3))
        #expect(ParsedRequests(whole: encode("a", "12345", "b"), parser: parser).failure == nil)
        #expect(ParsedRequests(whole: encode("a", "123456"), parser: parser).failure == .invalidBulkLength)
        #expect(ParsedRequests(whole: encode("a", "b", "c", "d"), parser: parser).failure == .invalidMultibulkLength)
    }

    @Test func strangersMaySendLittle() {
        let parser = RequestParser(isAuthenticated: false)
        let most = encode((0..<10).map { _ in [0x61] })
        #expect(ParsedRequests(whole: most, parser: parser).failure == nil)
        let tooMany = encode((0..<11).map { _ in [0x61] })
        #expect(ParsedRequests(whole: tooMany, parser: parser).failure == .unauthenticatedMultibulkLength)
        #expect(ParsedRequests(whole: encode([[UInt8](repeating: 0, count: 16_384)]), parser: parser).failure == nil)
        let tooLong = encode([[UInt8](repeating: 0, count: 16_385)])
        #expect(ParsedRequests(whole: tooLong, parser: parser).failure == .unauthenticatedBulkLength)
        // Nor may short ones add up.
        let both = encode([[UInt8](repeating: 0, count: 10_000), [UInt8](repeating: 0, count: 10_000)])
        #expect(ParsedRequests(whole: both, parser: parser).failure == .unauthenticatedBulkLength)
        #expect(ParsedRequests(pieces: both.map { [$0] }, parser: parser).failure == .unauthenticatedBulkLength)
        #expect(ParsedRequests(whole: both + both).failure == nil)
        let line = [UInt8](repeating: 0x61, count: RequestLimits.unauthenticatedRequest - 1)
        #expect(ParsedRequests(whole: line + [0x0A], parser: parser).failure == nil)
        #expect(ParsedRequests(whole: line + [0x61], parser: parser).failure == .tooBigInlineRequest)
    }

    @Test func aBatchKeepsItsRequestsApart() {
        let bytes = encode("GET", "k") + encode("DEL", "a", "b")
        var batch = RequestBatch()
        let parser = RequestParser()
        let outcomes = [
            parser.parse(bytes.span.bytes, from: 0, into: &batch),
            parser.parse(bytes.span.bytes, from: 20, into: &batch),
        ]
        #expect(outcomes == [.request(end: 20), .request(end: bytes.count)])
        let requests = [batch[0], batch[1]]
        #expect(requests.map(\.count) == [2, 3] && requests.map(\.first) == [0, 2])
        #expect(requests.map(\.end) == [20, bytes.count])
        #expect(Self.texts(batch, 1, bytes) == ["DEL", "a", "b"])
        // An unfinished request leaves nothing behind.
        let cut = Array(bytes.dropLast(3))
        guard case .incomplete = parser.parse(cut.span.bytes, from: 20, into: &batch) else {
            Issue.record("cut off, yet complete")
            return
        }
        let counts = [batch.count, batch.argumentCount]
        #expect(counts == [2, 5])
        batch.removeAll()
        let isEmpty = batch.count == 0 && batch.argumentCount == 0
        #expect(isEmpty)
    }

    private static func texts(_ batch: borrowing RequestBatch, _ index: Int, _ bytes: [UInt8]) -> [String] {
        let arguments = RequestArguments(of: batch[index], in: batch, input: bytes.span.bytes)
        var texts: [String] = []
        for argument in 0..<arguments.count { texts.append(arguments.text(argument)) }
        return texts
    }

    // MARK: Pieces

    private static let streams: [[UInt8]] = [
        encode("PING"), encode("SETEX", "revoked:jti:a", "100", "logout") + encode("GET", "revoked:jti:a"),
        encode("MSET", "", "\r\n", "*1", "$1") + Array("PING \"a b\"\r\n\n*0\r\n".utf8) + encode("PING"),
        encode((0..<40).map { Array("word\($0)".utf8) }), encode([[UInt8](repeating: 0x0D, count: 300)]),
        encode("PING") + Array("*1\r\n!\r\n".utf8), Array("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$-5\r\n".utf8),
    ]

    @Test(arguments: streams.indices)
    func anyPiecesGiveTheSame(_ index: Int) {
        let bytes = Self.streams[index]
        let whole = ParsedRequests(whole: bytes)
        #expect(ParsedRequests(pieces: bytes.map { [$0] }) == whole)
        for cut in 0...bytes.count {
            #expect(ParsedRequests(pieces: [Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "cut at \(cut)")
        }
    }

    /// Requests of all shapes side by side, some of them damaged: parsed in batches, and one by one without the short
    /// way.
    @Test func batchesGiveTheSame() {
        var state: UInt64 = 1
        func draw(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        func one<Element>(of list: [Element]) -> Element { list[draw(list.count)] }
        for round in 0..<20_000 {
            var bytes: [UInt8] = []
            var words: [[UInt8]] = []
            for _ in 0...draw(12) {
                if words.count > 1, draw(3) > 0 {
                    // The same shape, another argument.
                    words[1] = words[1].map { _ in UInt8(9 + draw(90)) }
                } else {
                    words = [Array(one(of: ["EXISTS", "GET", "exists", "SETEX", "X", "DEL", "MGET"]).utf8)]
                    for _ in 0..<one(of: [1, 1, 1, 0, 2, 3, 10]) {
                        let length = one(of: [0, 1, 8, 9, 10, 48, 48, 99, 100, 101])
                        words.append((0..<length).map { _ in UInt8(9 + draw(90)) })
                    }
                }
                bytes += encode(words)
            }
            if round % 2 == 1 {
                for _ in 0...draw(3) {
                    bytes[draw(bytes.count)] = one(of: [0x0D, 0x0A, 0x24, 0x2A, 0x30, 0x39, 0x3A, 0x2D, 0xFF])
                }
            }
            if round % 5 == 4 { bytes.removeLast(draw(min(40, bytes.count))) }
            var expected = ParsedRequests(whole: bytes, short: false)
            expected.items.removeAll { $0 == .nothing }
            for size in [1, 2, 64] {
                let parsed = ParsedRequests(batches: bytes, of: size)
                #expect(parsed == expected, "round \(round): \(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }

    /// How many bytes are needed is a lower bound: it never passes the request's end, and every pass moves on.
    @Test(arguments: streams.indices)
    func theBoundIsLowAndMovesOn(_ index: Int) {
        let bytes = Self.streams[index]
        let parser = RequestParser()
        let outcomes = (1...bytes.count).map { count in
            var batch = RequestBatch()
            return parser.parse(bytes.span.bytes.extracting(0..<count), from: 0, into: &batch)
        }
        let firstComplete = outcomes.firstIndex { !Self.isIncomplete($0) }! + 1
        for count in 1..<firstComplete {
            guard case .incomplete(let atLeast) = outcomes[count - 1] else {
                return #expect(bytes.first != UInt8(ascii: "*"), "only a line has no bound")
            }
            #expect(atLeast > count && atLeast <= firstComplete, "\(atLeast) of \(firstComplete) at \(count)")
        }
    }

    private static func isIncomplete(_ outcome: RequestParser.Outcome) -> Bool {
        switch outcome {
        case .incomplete, .incompleteLine: true
        default: false
        }
    }

    /// Bytes that come one by one do not make a request of many arguments cost the square of its length.
    @Test func manySmallArgumentsTakeFewPasses() {
        let bytes = encode((0..<20_000).map { _ in [0x61] })
        let parser = RequestParser()
        var batch = RequestBatch()
        var (passes, available) = (0, 1)
        while case .incomplete(let atLeast) = parser.parse(
            bytes.span.bytes.extracting(0..<available), from: 0, into: &batch)
        {
            passes += 1
            available = atLeast
        }
        #expect(available == bytes.count)
        #expect(passes < 300, "\(passes) passes")
    }
}
