// Compiled together with Sources/RESP by `run`, which says how. Not part of the package.

/// libFuzzer's entry: any bytes. What they are parsed into has to be the same however they arrive, lie inside the
/// input, and mean the same when written again.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // The last byte chooses the pieces and who is asking, so that the rest is plain protocol.
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = bytes.last else { return 0 }
    let input = Array(bytes.dropLast())
    var parser = RequestParser(isAuthenticated: choice & 1 == 0)
    if choice & 2 != 0 { parser.limits = RequestLimits(maximumBulk: 64, maximumArguments: 8) }

    let whole = Reading(of: [input], by: parser)
    checkPieces(input, parser, whole, size: 1)
    checkPieces(input, parser, whole, size: Int(choice >> 2) + 2)
    checkRequests(whole.requests, parser)
    return 0
}

/// The same bytes in pieces give the same requests. A wrong byte may be found later, or not yet: never another one.
private func checkPieces(_ input: [UInt8], _ parser: RequestParser, _ whole: Reading, size: Int) {
    let pieces = stride(from: 0, to: input.count, by: size).map { Array(input[$0..<min(input.count, $0 + size)]) }
    let inPieces = Reading(of: pieces, by: parser)
    check(inPieces.requests == whole.requests, "pieces change the requests")
    if let failure = inPieces.failure { check(failure == whole.failure, "pieces change the error") }
    if whole.failure == nil { check(inPieces.failure == nil, "pieces make an error") }
}

private func checkRequests(_ requests: [Reading.Item], _ parser: RequestParser) {
    for request in requests {
        switch request {
        case .words(let words):
            check((1...parser.limits.maximumArguments).contains(words.count), "too many arguments")
            check(words.allSatisfy { $0.count <= parser.limits.maximumBulk }, "too long an argument")
            var open = parser
            open.isAuthenticated = true
            let again = Reading(of: [InlineRequest.encode(words)], by: open)
            check(again.requests == [request] && again.failure == nil, "written again it is another request")
        case .line(let line):
            check(line.last == UInt8(ascii: "\n") && line.count <= RequestLimits.maximumLine, "no line")
            guard let words = try? InlineRequest.split(line.span.bytes), !words.isEmpty else { continue }
            let parsed = Reading(of: [InlineRequest.encode(words)], by: RequestParser())
            check(parsed.requests == [.words(words)], "a line is not the array that it stands for")
        }
    }
}

/// What a parser makes of bytes that come in pieces.
private struct Reading {
    enum Item: Equatable {
        case words([[UInt8]])
        case line([UInt8])
    }

    private(set) var requests: [Item] = []
    private(set) var failure: ProtocolError?

    init(of pieces: [[UInt8]], by parser: RequestParser) {
        var waiting: [UInt8] = []
        var needed = 0
        for piece in pieces {
            waiting += piece
            guard waiting.count >= needed else { continue }
            let used = read(waiting, parser, &needed)
            guard failure == nil else { return }
            waiting.removeFirst(used)
        }
    }

    private mutating func read(_ bytes: [UInt8], _ parser: RequestParser, _ needed: inout Int) -> Int {
        var position = 0
        var batch = RequestBatch()
        while true {
            let before = batch.argumentCount
            switch parser.parse(bytes.span.bytes, from: position, into: &batch) {
            case .request(let end):
                check(end > position && end <= bytes.count, "a request ends outside of the input")
                requests.append(.words(words(of: batch, in: bytes, from: position, to: end)))
                position = end
            case .nothing(let end):
                check(end > position && end <= bytes.count, "nothing ends outside of the input")
                position = end
            case .inline(let end):
                check(end > position && end <= bytes.count, "a line ends outside of the input")
                requests.append(.line(Array(bytes[position..<end])))
                position = end
            case .incomplete(let atLeast):
                check(atLeast > bytes.count, "it asks for what is there")
                check(batch.argumentCount == before, "an unfinished request leaves arguments behind")
                needed = atLeast - position
                return position
            case .incompleteLine:
                check(!bytes[position...].contains(UInt8(ascii: "\n")), "it waits for a line's end that is there")
                needed = 0
                return position
            case .invalid(let error):
                failure = error
                return position
            }
        }
    }

    private func words(
        of batch: borrowing RequestBatch, in bytes: [UInt8], from start: Int, to end: Int
    ) -> [[UInt8]] {
        let request = batch[batch.count - 1]
        check(request.end == end, "the batch says another end")
        var previous = start
        return (request.first..<(request.first + request.count)).map { index in
            let range = batch.argument(index).range
            check(
                range.lowerBound >= previous && range.upperBound + 2 <= end, "an argument lies outside of its request")
            previous = range.upperBound
            let word = Array(bytes[range])
            #if CANARY
                // A planted bug, which the fuzzer has to find: a rare word is lost.
                if word.starts(with: Array("GETEX".utf8)), bytes.count % 7 == 3 { return [] }
            #endif
            return word
        }
    }
}

/// Says which property is broken, which `precondition` does not in an optimized build.
private func check(_ holds: Bool, _ property: StaticString) { if !holds { fatalError("\(property)") } }
