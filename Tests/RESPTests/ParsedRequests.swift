@testable import RESP

/// What a stream of bytes was parsed into: each request's words, and how it ended.
struct ParsedRequests: Equatable {
    enum Item: Equatable {
        case request([[UInt8]])
        case nothing
        case line([UInt8])
    }

    var items: [Item] = []
    /// Something was said of a request that is not so.
    var isMistaken = false
    var failure: ProtocolError?
    /// What is left of the input, incomplete.
    var rest: [UInt8] = []

    /// Parses all of `bytes` at once.
    /// - Parameter short: whether short requests are read as such.
    init(whole bytes: [UInt8], parser: RequestParser = RequestParser(), short: Bool = true) {
        feed(bytes, parser, short)
    }

    /// Parses all of `bytes` in batches of this many requests.
    init(batches bytes: [UInt8], of requests: Int, parser: RequestParser = RequestParser()) {
        var position = 0
        while true {
            var batch = RequestBatch()
            let start = position
            let outcome = parser.fill(
                &batch, requests: requests, arguments: .max, from: bytes.span.bytes, at: &position)
            for index in 0..<batch.count { add(batch[index], of: batch, bytes) }
            if batch.count > requests { isMistaken = true }
            switch outcome {
            case nil: if position == start { return }
            case .request, .nothing: isMistaken = true
            case .inline(let end):
                items.append(.line(Array(bytes[position..<end])))
                position = end
            case .incomplete, .incompleteLine:
                rest = Array(bytes[position...])
                return
            case .invalid(let error):
                failure = error
                return
            }
        }
    }

    private mutating func add(_ request: Request, of batch: borrowing RequestBatch, _ bytes: [UInt8]) {
        let arguments = RequestArguments(of: request, in: batch, input: bytes.span.bytes)
        var words: [[UInt8]] = []
        for index in 0..<arguments.count { words.append(arguments[index].withUnsafeBytes { Array($0) }) }
        items.append(.request(words))
        if request.end != batch.argument(request.first + request.count - 1).range.upperBound + 2 { isMistaken = true }
    }

    /// Parses as the pieces come, and only once as many bytes are there as the parser asked for.
    init(pieces: [[UInt8]], parser: RequestParser = RequestParser()) {
        var needed: Int? = 0
        var waiting: [UInt8] = []
        for piece in pieces where failure == nil {
            waiting += piece
            // A line is waited for until its end, or until it is too long.
            let isEnough =
                needed.map { waiting.count >= $0 }
                ?? (piece.contains(0x0A) || waiting.count >= RequestLimits.maximumLine)
            guard isEnough else { continue }
            needed = feed(waiting, parser)
            waiting = rest
        }
        rest = failure == nil ? waiting : []
    }

    /// - Returns: how many bytes of ``rest`` it takes to go on; nil if a line's end.
    @discardableResult
    private mutating func feed(_ bytes: [UInt8], _ parser: RequestParser, _ short: Bool = true) -> Int? {
        var position = 0
        while true {
            var batch = RequestBatch()
            switch short
                ? parser.parse(bytes.span.bytes, from: position, into: &batch)
                : parser.parseAny(bytes.span.bytes, from: position, into: &batch)
            {
            case .request(let end):
                let request = batch[0]
                items.append(
                    .request(
                        (request.first..<(request.first + request.count)).map {
                            Array(bytes[batch.argument($0).range])
                        })
                )
                position = end
            case .nothing(let end):
                items.append(.nothing)
                position = end
            case .inline(let end):
                items.append(.line(Array(bytes[position..<end])))
                position = end
            case .incomplete(let atLeast):
                rest = Array(bytes[position...])
                return atLeast - position
            case .incompleteLine:
                rest = Array(bytes[position...])
                return nil
            case .invalid(let error):
                failure = error
                rest = []
                return 0
            }
        }
    }
}

func encode(_ words: [[UInt8]]) -> [UInt8] { InlineRequest.encode(words) }
func encode(_ words: String...) -> [UInt8] { encode(words.map { Array($0.utf8) }) }
