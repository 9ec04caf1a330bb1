extension RequestParser {
    /// Parses a short request, as nearly all are: complete, with at most nine arguments of less than 100 bytes each.
    /// - Returns: its end; nil for any other request.
    @inline(__always)
    func parseShort(_ input: RawSpan, from start: Int, into batch: inout RequestBatch) -> Int? {
        guard start >= 0, start &+ 8 <= input.byteCount, maySendShort else { return nil }
        let head = Header(input.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self))
        guard head.hasOneDigit(after: UInt8(ascii: "*")), head.first > 0 else { return nil }
        let first = batch.argumentCount
        var position = start &+ 4
        for _ in 0..<head.first {
            guard position &+ 8 <= input.byteCount else { break }
            let header = Header(input.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
            let count: Int
            if header.hasTwoDigits(after: UInt8(ascii: "$")) {
                count = Int(header.first) &* 10 &+ Int(header.second)
                position &+= 5
            } else {
                guard header.hasOneDigit(after: UInt8(ascii: "$")) else { break }
                count = Int(header.first)
                position &+= 4
            }
            let end = position &+ count
            guard end &+ 2 <= input.byteCount,
                UInt16(littleEndian: input.unsafeLoadUnaligned(fromByteOffset: end, as: UInt16.self)) == Header.lineEnd
            else { break }
            batch.append(Argument(offset: position, count: count))
            position = end &+ 2
        }
        guard batch.argumentCount == first &+ Int(head.first) else {
            batch.removeArguments(from: first)
            return nil
        }
        batch.finishRequest(from: first, end: position)
        return position
    }

    /// Whether the limits allow every short request.
    @inline(__always)
    private var maySendShort: Bool { limits.maximumBulk >= 99 && limits.maximumArguments >= 9 }

    /// The first eight bytes of an array's or an argument's header, and the bytes after it.
    private struct Header {
        /// CRLF.
        static let lineEnd: UInt16 = 0x0A0D
        private let word: UInt64

        @inline(__always)
        init(_ word: UInt64) { self.word = UInt64(littleEndian: word) }

        /// The digit's value; only digits are less than 10.
        @inline(__always)
        var first: UInt8 { UInt8(truncatingIfNeeded: word &>> 8) &- UInt8(ascii: "0") }
        @inline(__always)
        var second: UInt8 { UInt8(truncatingIfNeeded: word &>> 16) &- UInt8(ascii: "0") }

        @inline(__always)
        func hasOneDigit(after mark: UInt8) -> Bool {
            word & 0xFFFF_00FF == UInt64(mark) | UInt64(Self.lineEnd) &<< 16 && first < 10
        }

        /// Two digits, the first of which is not 0.
        @inline(__always)
        func hasTwoDigits(after mark: UInt8) -> Bool {
            word & 0xFF_FF00_00FF == UInt64(mark) | UInt64(Self.lineEnd) &<< 24 && first &- 1 < 9 && second < 10
        }
    }
}
