extension RequestParser {
    /// Parses a request as nearly all are: of at most nine arguments, each of less than 100 bytes, and all there.
    /// - Returns: where it ends; nil if it is not so, whatever it is then.
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
                count = header.first &* 10 &+ header.second
                position &+= 5
            } else {
                guard header.hasOneDigit(after: UInt8(ascii: "$")) else { break }
                count = header.first
                position &+= 4
            }
            let end = position &+ count
            guard end &+ 2 <= input.byteCount,
                UInt16(littleEndian: input.unsafeLoadUnaligned(fromByteOffset: end, as: UInt16.self)) == Header.lineEnd
            else { break }
            batch.append(Argument(offset: position, count: count))
            position = end &+ 2
        }
        guard batch.argumentCount == first &+ head.first else {
            batch.removeArguments(from: first)
            return nil
        }
        batch.finishRequest(from: first, end: position)
        return position
    }

    /// Whether no limit forbids what a short request has.
    @inline(__always)
    private var maySendShort: Bool { limits.maximumBulk >= 99 && limits.maximumArguments >= 9 }

    /// The first eight bytes of an array's or an argument's header, and what comes after it.
    private struct Header {
        /// CRLF.
        static let lineEnd: UInt16 = 0x0A0D
        private let word: UInt64

        @inline(__always)
        init(_ word: UInt64) { self.word = UInt64(littleEndian: word) }

        /// What the digit stands for; only digits are less than 10.
        @inline(__always)
        var first: Int { Int(truncatingIfNeeded: UInt8(truncatingIfNeeded: word &>> 8) &- UInt8(ascii: "0")) }
        @inline(__always)
        var second: Int { Int(truncatingIfNeeded: UInt8(truncatingIfNeeded: word &>> 16) &- UInt8(ascii: "0")) }

        @inline(__always)
        func hasOneDigit(after mark: UInt8) -> Bool {
            word & 0xFFFF_00FF == UInt64(mark) | UInt64(Self.lineEnd) &<< 16 && first < 10
        }

        /// Two digits, of which the first is not 0.
        @inline(__always)
        func hasTwoDigits(after mark: UInt8) -> Bool {
            word & 0xFF_FF00_00FF == UInt64(mark) | UInt64(Self.lineEnd) &<< 24 && first &- 1 < 9 && first > 0
                && second < 10
        }
    }

    /// What a command with one argument has in common with the next like it: all that comes before the argument's
    /// bytes, and how many those are.
    struct Shape {
        /// How many bytes it takes.
        let size: Int
        /// What comes before the argument's bytes: its first sixteen and its last sixteen bytes, which may overlap.
        private let beginning: (UInt64, UInt64)
        private let ending: (UInt64, UInt64)
        /// Where the last sixteen begin.
        private let endingOffset: Int

        /// - Parameter start: where the batch's last request, a short one, begins.
        @inline(__always)
        init?(ofLastIn batch: borrowing RequestBatch, _ input: RawSpan, from start: Int) {
            let request = batch[batch.count &- 1]
            guard request.count == 2 else { return nil }
            let argument = batch.argument(request.first &+ 1).range
            guard !argument.isEmpty, 16...32 ~= argument.lowerBound &- start else { return nil }
            size = request.end &- start
            endingOffset = argument.lowerBound &- start &- 16
            beginning = Self.words(input, at: start)
            ending = Self.words(input, at: argument.lowerBound &- 16)
        }

        /// How many requests of this shape come next.
        /// - Parameter most: how many at most.
        @inline(never)
        func count(in input: RawSpan, from start: Int, most: Int) -> Int {
            let most = max(0, min(most, (input.byteCount - start) / size))
            var count = 0
            while count < most, isNext(input, start &+ count &* size) { count &+= 1 }
            return count
        }

        /// Whether a request of this shape begins there; so many bytes are there.
        @inline(__always)
        private func isNext(_ input: RawSpan, _ next: Int) -> Bool {
            let (one, other) = (Self.words(input, at: next), Self.words(input, at: next &+ endingOffset))
            let lineEnd = input.unsafeLoadUnaligned(fromUncheckedByteOffset: next &+ size &- 2, as: UInt16.self)
            let difference =
                (one.0 ^ beginning.0) | (one.1 ^ beginning.1) | (other.0 ^ ending.0) | (other.1 ^ ending.1)
            return difference == 0 && UInt16(littleEndian: lineEnd) == Header.lineEnd
        }

        /// Sixteen bytes, which are there.
        @inline(__always)
        private static func words(_ input: RawSpan, at offset: Int) -> (UInt64, UInt64) {
            assert(offset >= 0 && offset &+ 16 <= input.byteCount)
            return (
                input.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self),
                input.unsafeLoadUnaligned(fromUncheckedByteOffset: offset &+ 8, as: UInt64.self)
            )
        }
    }
}
