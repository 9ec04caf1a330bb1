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
            for index in 0..<batch.count {
                let request = batch[index]
                let words = (request.first..<(request.first + request.count)).map {
                    Array(bytes[batch.argument($0).range])
                }
                if request.isLikePrevious, !Self.isAlike(index, in: batch, bytes) { isMistaken = true }
                items.append(.request(words))
            }
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

    /// Whether a request is what it is said to be: the one before it, so many bytes further on, but for the second argument.
    private static func isAlike(_ index: Int, in batch: borrowing RequestBatch, _ bytes: [UInt8]) -> Bool {
        guard index > 0, batch.run(from: index - 1).contains(index) else { return false }
        let (one, other) = (batch[index - 1], batch[index])
        let ranges = [0, 1].map { batch.argument(other.first + $0).range }
        let distance = other.end - one.end
        let start = one.end - distance
        return one.count == 2 && other.count == 2
            && [0, 1].allSatisfy { place in
                let range = batch.argument(one.first + place).range
                return range.lowerBound + distance == ranges[place].lowerBound && range.count == ranges[place].count
            }
            && bytes[start..<(ranges[1].lowerBound - distance)] == bytes[one.end..<ranges[1].lowerBound]
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
