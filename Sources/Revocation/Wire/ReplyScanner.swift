/// Checks the lengths that a store announces before hiredis reads them. hiredis buffers a bulk until it is whole, and
/// allocates an array as soon as it is announced; no command of ours asks for large ones.
struct ReplyScanner {
    /// Elements of one reply, those of nested arrays included.
    static let maximumElements = 1_024
    /// Bytes of one bulk, status or error.
    static let maximumBulkBytes = 65_536
    /// Bytes of one reply, all in all.
    static let maximumReplyBytes = 1_048_576
    /// Arrays in arrays.
    static let maximumDepth = 7
    /// Digits and sign of a length or an integer.
    private static let maximumNumberBytes = 20

    /// What the store must not send.
    enum Violation: Error, Equatable {
        /// More replies than commands.
        case unsolicited
        /// An array, a bulk, a line, a depth or a reply beyond its limit.
        case tooLarge
        /// Bytes that are no RESP2.
        case malformed
    }

    private enum State {
        /// The next byte begins a value.
        case type
        /// Within the text of a status or an error.
        case text
        /// Within the number of a length or an integer.
        case number(Kind)
        /// Behind a carriage return; the value goes on, or is done.
        case lineFeed(AfterLine)
        /// Within a bulk's bytes: this many are to come.
        case bulk(remaining: Int)
        /// Behind a bulk's bytes.
        case bulkEnd
    }

    private enum Kind { case integer, bulk, array }

    private enum AfterLine {
        case done
        case bulk(Int)
        case array(Int)
    }

    private var state = State.type
    private var lineBytes = 0
    private var number = 0
    private var isNegative = false
    private var replyBytes = 0
    private var replyElements = 0
    /// How many elements each open array still lacks, the innermost last.
    private var open: [Int] = []

    /// Whether the next byte begins a reply.
    var isBetweenReplies: Bool {
        if case .type = state { open.isEmpty } else { false }
    }

    /// Checks bytes before they are fed to hiredis.
    /// - Parameter outstanding: commands whose replies have not been scanned whole. Reduced by the replies that now
    ///   are.
    mutating func scan(_ bytes: Span<UInt8>, outstanding: inout Int) throws(Violation) {
        var index = 0
        while index < bytes.count {
            if case .bulk(let remaining) = state {
                let step = min(remaining, bytes.count - index)
                try count(step)
                index += step
                state = step == remaining ? .bulkEnd : .bulk(remaining: remaining - step)
                continue
            }
            if case .type = state, let next = try scanLine(bytes, at: index, &outstanding) {
                index = next
                continue
            }
            try count(1)
            try scan(bytes[index], &outstanding)
            index += 1
        }
    }

    /// The fast path: reads the whole header of a bulk or an array. The rules are those of the scan byte by byte.
    /// - Returns: the index behind it; nil if it is incomplete, of another type, or unusual.
    private mutating func scanLine(
        _ bytes: Span<UInt8>, at start: Int, _ outstanding: inout Int
    ) throws(Violation) -> Int? {
        let type = bytes[start]
        guard type == UInt8(ascii: "$") || type == UInt8(ascii: "*"), bytes.count - start >= 4 else { return nil }
        guard !open.isEmpty || outstanding > 0 else { throw .unsolicited }
        var index = start + 1
        if bytes[index] == UInt8(ascii: "-") {
            guard bytes.count - start >= 5, bytes[start + 2] == UInt8(ascii: "1"),
                bytes[start + 3] == UInt8(ascii: "\r"),
                bytes[start + 4] == UInt8(ascii: "\n")
            else { return nil }
            try count(5)
            endValue(&outstanding)
            return start + 5
        }
        // No length that is allowed has more digits than this.
        var length = 0
        while index < bytes.count, index - start <= 5 {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            length = length &* 10 &+ Int(digit)
            index += 1
        }
        guard index > start + 1, index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\r"),
            bytes[index + 1] == UInt8(ascii: "\n"), length > 0,
            length <= (type == UInt8(ascii: "$") ? Self.maximumBulkBytes : Self.maximumElements)
        else { return nil }
        index += 2
        try count(index - start)
        if type == UInt8(ascii: "$") {
            state = .bulk(remaining: length)
        } else {
            replyElements += length
            guard replyElements <= Self.maximumElements, open.count < Self.maximumDepth else { throw .tooLarge }
            open.append(length)
        }
        return index
    }

    private mutating func scan(_ byte: UInt8, _ outstanding: inout Int) throws(Violation) {
        switch state {
        case .type:
            try begin(byte, outstanding)
        case .text:
            lineBytes += 1
            guard lineBytes <= Self.maximumBulkBytes else { throw .tooLarge }
            if byte == UInt8(ascii: "\r") { state = .lineFeed(.done) }
        case .number(let kind):
            try digit(byte, of: kind)
        case .lineFeed(let next):
            guard byte == UInt8(ascii: "\n") else { throw .malformed }
            switch next {
            case .done: endValue(&outstanding)
            case .bulk(0): state = .bulkEnd
            case .bulk(let length): state = .bulk(remaining: length)
            case .array(0): endValue(&outstanding)
            case .array(let elements):
                guard open.count < Self.maximumDepth else { throw .tooLarge }
                open.append(elements)
                state = .type
            }
        case .bulkEnd:
            guard byte == UInt8(ascii: "\r") else { throw .malformed }
            state = .lineFeed(.done)
        case .bulk:
            preconditionFailure("a bulk's bytes are skipped, not scanned")
        }
    }

    private mutating func begin(_ byte: UInt8, _ outstanding: Int) throws(Violation) {
        guard !open.isEmpty || outstanding > 0 else { throw .unsolicited }
        lineBytes = 0
        number = 0
        isNegative = false
        switch byte {
        case UInt8(ascii: "+"), UInt8(ascii: "-"): state = .text
        case UInt8(ascii: ":"): state = .number(.integer)
        case UInt8(ascii: "$"): state = .number(.bulk)
        case UInt8(ascii: "*"): state = .number(.array)
        default: throw .malformed
        }
    }

    private mutating func digit(_ byte: UInt8, of kind: Kind) throws(Violation) {
        guard byte != UInt8(ascii: "\r") else { return try endNumber(of: kind) }
        lineBytes += 1
        guard lineBytes <= Self.maximumNumberBytes else { throw .malformed }
        if lineBytes == 1, byte == UInt8(ascii: "-") {
            isNegative = true
            return
        }
        let digit = byte &- UInt8(ascii: "0")
        guard digit < 10 else { throw .malformed }
        // An integer's value is hiredis' to read; a length beyond its limit is refused at its first digit too many.
        guard kind != .integer else { return }
        number = number * 10 + Int(digit)
        guard number <= (kind == .bulk ? Self.maximumBulkBytes : Self.maximumElements) else { throw .tooLarge }
    }

    private mutating func endNumber(of kind: Kind) throws(Violation) {
        guard lineBytes > (isNegative ? 1 : 0) else { throw .malformed }
        switch (kind, isNegative) {
        case (.integer, _): state = .lineFeed(.done)
        case (_, true):
            guard number == 1 else { throw .malformed }
            state = .lineFeed(.done)
        case (.bulk, false): state = .lineFeed(.bulk(number))
        case (.array, false):
            replyElements += number
            guard replyElements <= Self.maximumElements else { throw .tooLarge }
            state = .lineFeed(.array(number))
        }
    }

    private mutating func endValue(_ outstanding: inout Int) {
        state = .type
        while let last = open.popLast() {
            if last > 1 {
                open.append(last - 1)
                return
            }
        }
        outstanding -= 1
        replyBytes = 0
        replyElements = 0
    }

    private mutating func count(_ bytes: Int) throws(Violation) {
        replyBytes += bytes
        guard replyBytes <= Self.maximumReplyBytes else { throw .tooLarge }
    }
}
