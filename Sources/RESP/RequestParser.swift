/// Reads RESP requests: arrays of bulk strings (Redis protocol specification, "Sending commands to a Redis server").
///
/// Keeps no state: an incomplete request is parsed again from its start, after its known minimum length has arrived.
/// That minimum grows with every pass, so bytes that arrive one by one cost `n log n`, not `n²`. The last arguments are
/// not counted in it, so a wrong byte in an ordinary command is answered as soon as it arrives.
package struct RequestParser: Sendable {
    package enum Outcome: Equatable, Sendable {
        /// A request was added to the batch, and ends here.
        case request(end: Int)
        /// An empty array or line, without a request, ends here.
        case nothing(end: Int)
        /// A line that is not an array, for ``InlineRequest``. It ends here, line end included.
        case inline(end: Int)
        /// At least this many bytes of input are needed, counted from the input's start.
        case incomplete(atLeast: Int)
        /// An unfinished line that is not an array. Parsing it again is useless until its end arrives.
        case incompleteLine
        case invalid(ProtocolError)
    }

    /// The fewest bytes that an argument takes: `$0\r\n\r\n`.
    private static let smallestArgument = 6
    /// The number of last arguments that are not counted in the minimum.
    private static let lastArguments = 16

    package var limits: RequestLimits
    package var isAuthenticated: Bool

    /// The longest inline command.
    package var maximumLine: Int {
        isAuthenticated ? RequestLimits.maximumLine : RequestLimits.unauthenticatedRequest
    }

    package init(limits: RequestLimits = RequestLimits(), isAuthenticated: Bool = true) {
        self.limits = limits
        self.isAuthenticated = isAuthenticated
    }

    /// Parses the request at `start` and adds it to `batch`.
    package func parse(_ input: RawSpan, from start: Int, into batch: inout RequestBatch) -> Outcome {
        if let end = parseShort(input, from: start, into: &batch) { return .request(end: end) }
        return parseAny(input, from: start, into: &batch)
    }

    /// Parses requests from `position` on, and moves it behind them. Ends when `batch` has `requests` requests, or at
    /// least `arguments` arguments.
    /// - Returns: why it stopped earlier, which is neither ``Outcome/request(end:)`` nor ``Outcome/nothing(end:)``;
    ///   otherwise nil.
    package func fill(
        _ batch: inout RequestBatch, requests: Int, arguments: Int, from input: RawSpan, at position: inout Int
    ) -> Outcome? {
        while batch.count < requests, batch.argumentCount < arguments {
            switch parse(input, from: position, into: &batch) {
            case .request(let end), .nothing(let end): position = end
            case let outcome: return outcome
            }
        }
        return nil
    }

    func parseAny(_ input: RawSpan, from start: Int, into batch: inout RequestBatch) -> Outcome {
        guard start < input.byteCount else { return .incomplete(atLeast: start + 1) }
        guard input[byte: start] == UInt8(ascii: "*") else { return findLine(input, from: start) }

        var position = start + 1
        let count: Int64
        switch readLength(input, at: &position) {
        case .number(let number): count = number
        case .incomplete: return .incomplete(atLeast: input.byteCount + 1)
        case .noLineEnd: return .invalid(.missingLineEnd)
        case .notANumber: return .invalid(.invalidMultibulkLength)
        }
        guard count <= limits.maximumArguments else { return .invalid(.invalidMultibulkLength) }
        guard count > 0 else { return .nothing(end: position) }
        guard isAuthenticated || count <= RequestLimits.unauthenticated.maximumArguments else {
            return .invalid(.unauthenticatedMultibulkLength)
        }

        let first = batch.argumentCount
        let result = readArguments(Int(count), of: input, from: start, at: &position, into: &batch)
        guard result == nil else {
            batch.removeArguments(from: first)
            return result!
        }
        batch.finishRequest(from: first, end: position)
        return .request(end: position)
    }

    /// - Parameter start: the start of the request.
    /// - Returns: nil if all were read; otherwise why not.
    @inline(__always)
    private func readArguments(
        _ count: Int, of input: RawSpan, from start: Int, at position: inout Int, into batch: inout RequestBatch
    ) -> Outcome? {
        for index in 0..<count {
            let othersAtLeast = max(0, count - index - 1 - Self.lastArguments) * Self.smallestArgument
            guard position < input.byteCount else { return .incomplete(atLeast: position + 1 + othersAtLeast) }
            guard input[byte: position] == UInt8(ascii: "$") else {
                return .invalid(.expectedDollar(input[byte: position]))
            }
            position += 1
            let length: Int64
            switch readLength(input, at: &position) {
            case .number(let number): length = number
            case .incomplete: return .incomplete(atLeast: input.byteCount + 1 + othersAtLeast)
            case .noLineEnd: return .invalid(.missingLineEnd)
            case .notANumber: return .invalid(.invalidBulkLength)
            }
            guard length >= 0, length <= limits.maximumBulk else { return .invalid(.invalidBulkLength) }
            let end = position + Int(length)
            guard
                isAuthenticated
                    || length <= RequestLimits.unauthenticated.maximumBulk
                        && end - start <= RequestLimits.unauthenticatedRequest
            else { return .invalid(.unauthenticatedBulkLength) }
            guard end + 2 <= input.byteCount else { return .incomplete(atLeast: end + 2 + othersAtLeast) }
            guard input[byte: end] == UInt8(ascii: "\r"), input[byte: end + 1] == UInt8(ascii: "\n") else {
                return .invalid(.missingLineEnd)
            }
            batch.append(Argument(offset: position, count: Int(length)))
            position = end + 2
        }
        return nil
    }

    private enum Length {
        case number(Int64)
        case incomplete, noLineEnd, notANumber
    }

    /// Reads a number up to its CRLF and moves `position` behind it.
    @inline(__always)
    private func readLength(_ input: RawSpan, at position: inout Int) -> Length {
        // Nearly all numbers have one or two digits.
        if position + 3 <= input.byteCount {
            let first = input[byte: position] &- UInt8(ascii: "0")
            let second = input[byte: position + 1]
            if first < 10, second == UInt8(ascii: "\r"), input[byte: position + 2] == UInt8(ascii: "\n") {
                position += 3
                return .number(Int64(first))
            }
            let unit = second &- UInt8(ascii: "0")
            if position + 4 <= input.byteCount, first &- 1 < 9, unit < 10,
                input[byte: position + 2] == UInt8(ascii: "\r"), input[byte: position + 3] == UInt8(ascii: "\n")
            {
                position += 4
                return .number(Int64(first) * 10 + Int64(unit))
            }
        }
        return readLongLength(input, at: &position)
    }

    private func readLongLength(_ input: RawSpan, at position: inout Int) -> Length {
        let limit = min(input.byteCount, position + RequestLimits.maximumNumber)
        var end = position
        while end < limit, input[byte: end] != UInt8(ascii: "\r") { end += 1 }
        guard end < limit else { return limit < input.byteCount ? .notANumber : .incomplete }
        guard end + 1 < input.byteCount else { return .incomplete }
        guard input[byte: end + 1] == UInt8(ascii: "\n") else { return .noLineEnd }
        guard let number = input.extracting(position..<end).parseInteger() else { return .notANumber }
        position = end + 2
        return .number(number)
    }

    private func findLine(_ input: RawSpan, from start: Int) -> Outcome {
        let limit = min(input.byteCount, start + maximumLine)
        var end = start
        while end < limit, input[byte: end] != UInt8(ascii: "\n") { end += 1 }
        if end < limit { return .inline(end: end + 1) }
        return limit - start < maximumLine ? .incompleteLine : .invalid(.tooBigInlineRequest)
    }
}
