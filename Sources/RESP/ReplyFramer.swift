/// Finds where the replies of a server end, without keeping them: RESP2 and RESP3, of any size, however they are cut.
package struct ReplyFramer: Sendable {
    /// Bytes that are no reply. Where the next one begins is not known any more.
    package struct Malformed: Error {}

    /// Part of a reply, or all of it.
    package struct Piece: Sendable, Equatable {
        /// Where it ends in the bytes.
        package let end: Int
        /// Whether the reply ends here, too.
        package let isLast: Bool
        /// Whether it is a message that no command asked for (RESP3).
        package let isPush: Bool
    }

    /// Aggregates within aggregates.
    private static let maximumDepth = 32
    /// Digits and sign of a length.
    private static let maximumNumber = 20

    private enum State {
        case type
        /// Within a line whose text does not matter.
        case line
        /// Within the number of a length: of bytes, or of elements, each of which counts so often.
        case byteCount
        case elementCount(times: Int)
        case payload(Int)
    }

    private var state = State.type
    private var number = 0
    private var digits = 0
    private var isNegative = false
    private var hasReturn = false
    /// How many elements each open aggregate still lacks, the innermost last.
    private var open: [Int] = []
    private var isPush = false

    package init() {}

    /// Reads on up to the end of the reply, or of the bytes.
    /// - Precondition: there is a byte at `start`.
    package mutating func read(_ bytes: RawSpan, from start: Int) throws(Malformed) -> Piece {
        var index = start
        while index < bytes.byteCount {
            if case .payload(let left) = state {
                let step = min(left, bytes.byteCount - index)
                index += step
                state = .payload(left - step)
                guard step == left else { break }
                if endValue() { return Piece(end: index, isLast: true, isPush: isPush) }
                continue
            }
            let hasEnded = try read(bytes[byte: index])
            index += 1
            if hasEnded { return Piece(end: index, isLast: true, isPush: isPush) }
        }
        return Piece(end: index, isLast: false, isPush: isPush)
    }

    /// - Returns: whether the reply ends with this byte.
    private mutating func read(_ byte: UInt8) throws(Malformed) -> Bool {
        guard case .type = state else {
            guard hasReturn else {
                if byte == UInt8(ascii: "\r") { hasReturn = true } else { try readHeader(byte) }
                return false
            }
            guard byte == UInt8(ascii: "\n") else { throw Malformed() }
            hasReturn = false
            return try endHeader()
        }
        try begin(byte)
        return false
    }

    private mutating func begin(_ byte: UInt8) throws(Malformed) {
        (number, digits, isNegative) = (0, 0, false)
        if open.isEmpty { isPush = byte == UInt8(ascii: ">") }
        switch byte {
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: ","),
            UInt8(ascii: "#"), UInt8(ascii: "("):
            state = .line
        case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"): state = .byteCount
        case UInt8(ascii: "*"), UInt8(ascii: "~"), UInt8(ascii: ">"): state = .elementCount(times: 1)
        case UInt8(ascii: "%"): state = .elementCount(times: 2)
        default: throw Malformed()
        }
    }

    private mutating func readHeader(_ byte: UInt8) throws(Malformed) {
        if case .line = state {
            guard byte != UInt8(ascii: "\n") else { throw Malformed() }
            return
        }
        digits += 1
        guard digits <= Self.maximumNumber else { throw Malformed() }
        if byte == UInt8(ascii: "-"), digits == 1 {
            isNegative = true
            return
        }
        let digit = Int(byte) - 0x30
        guard (0..<10).contains(digit) else { throw Malformed() }
        let (tens, overflows) = number.multipliedReportingOverflow(by: 10)
        guard !overflows, tens <= Int.max / 4 else { throw Malformed() }
        number = tens + digit
    }

    /// - Returns: whether the reply ends with its header.
    private mutating func endHeader() throws(Malformed) -> Bool {
        if case .line = state { return endValue() }
        guard digits > (isNegative ? 1 : 0) else { throw Malformed() }
        // A null of RESP2.
        if isNegative {
            guard number == 1 else { throw Malformed() }
            return endValue()
        }
        guard case .elementCount(let times) = state else {
            state = .payload(number + 2)
            return false
        }
        guard number > 0 else { return endValue() }
        guard open.count < Self.maximumDepth else { throw Malformed() }
        open.append(number * times)
        state = .type
        return false
    }

    /// - Returns: whether the reply ends with the value.
    private mutating func endValue() -> Bool {
        state = .type
        while let left = open.popLast() {
            if left > 1 {
                open.append(left - 1)
                return false
            }
        }
        return true
    }
}
