import RESP

/// `LCS`: the longest common subsequence of two values.
struct CommonSubsequence {
    /// The most memory that the table of lengths may take, whatever `proto-max-bulk-len` is.
    private static let maximumBytes = 16 << 20

    struct Match: Equatable {
        var first: ClosedRange<Int>
        var second: ClosedRange<Int>
    }

    private(set) var bytes: [UInt8] = []
    /// From the end of the values to their beginning.
    private(set) var matches: [Match] = []
    let length: Int

    /// - Parameter longest: the most bytes that the table may take, as `LCS` bounds it.
    /// - Returns: nil if the values are too long.
    init?(of first: [UInt8], _ second: [UInt8], longest: Int) {
        let width = second.count + 1
        let (cells, hasOverflowed) = (first.count + 1).multipliedReportingOverflow(by: width)
        guard !hasOverflowed, cells <= min(longest, Self.maximumBytes) / 4 else { return nil }
        var lengths = [UInt32](repeating: 0, count: cells)
        for (row, byte) in first.enumerated() {
            for (column, other) in second.enumerated() {
                let cell = (row + 1) * width + column + 1
                lengths[cell] =
                    byte == other ? lengths[cell - width - 1] + 1 : max(lengths[cell - width], lengths[cell - 1])
            }
        }
        length = Int(lengths[cells - 1])
        var (row, column) = (first.count, second.count)
        var current: Match?
        while row > 0, column > 0 {
            if first[row - 1] == second[column - 1] {
                bytes.append(first[row - 1])
                (row, column) = (row - 1, column - 1)
                if let match = current, match.first.lowerBound == row + 1, match.second.lowerBound == column + 1 {
                    current = Match(
                        first: row...match.first.upperBound, second: column...match.second.upperBound)
                } else {
                    if let current { matches.append(current) }
                    current = Match(first: row...row, second: column...column)
                }
            } else if lengths[(row - 1) * width + column] > lengths[row * width + column - 1] {
                row -= 1
            } else {
                column -= 1
            }
        }
        if let current { matches.append(current) }
        bytes.reverse()
    }

    // MARK: The command

    private struct Options {
        var wantsLength = false
        var wantsMatches = false
        var wantsMatchLengths = false
        var minimum: Int64 = 0
    }

    static func lcs(_ arguments: Arguments, _ context: inout ServingContext) {
        guard let options = readOptions(arguments, &context) else { return }
        let values = (1...2).map { index in
            context.read(index, of: arguments) { value, _, _ in value.withUnsafeBytes(Array.init) } ?? []
        }
        let longest = context.daemon.configuration.maximumBulk
        guard let found = CommonSubsequence(of: values[0], values[1], longest: longest) else {
            return context.fail(
                "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len, or \(maximumBytes) bytes"
            )
        }
        if options.wantsMatches {
            found.writeMatches(options, &context.reply)
        } else if options.wantsLength {
            context.reply.integer(Int64(found.length))
        } else {
            context.reply.bulk(found.bytes.span.bytes)
        }
    }

    private static func readOptions(_ arguments: borrowing Arguments, _ context: inout ServingContext) -> Options? {
        var options = Options()
        var index = 3
        while index < arguments.count {
            let word = arguments[index]
            if word.equalsIgnoringCase("idx") {
                options.wantsMatches = true
            } else if word.equalsIgnoringCase("len") {
                options.wantsLength = true
            } else if word.equalsIgnoringCase("withmatchlen") {
                options.wantsMatchLengths = true
            } else if word.equalsIgnoringCase("minmatchlen"), index + 1 < arguments.count {
                guard let minimum = arguments[index + 1].parseInteger() else {
                    context.failNotAnInteger()
                    return nil
                }
                options.minimum = minimum
                index += 1
            } else {
                context.failSyntax()
                return nil
            }
            index += 1
        }
        guard !options.wantsLength || !options.wantsMatches else {
            context.fail("ERR If you want both the length and indexes, please just use IDX.")
            return nil
        }
        return options
    }

    private func writeMatches(_ options: Options, _ reply: inout ReplyBuffer) {
        let shown = matches.filter { Int64($0.first.count) >= options.minimum }
        reply.map(2)
        reply.bulk("matches")
        reply.array(shown.count)
        for match in shown {
            reply.array(options.wantsMatchLengths ? 3 : 2)
            for range in [match.first, match.second] {
                reply.array(2)
                reply.integer(Int64(range.lowerBound))
                reply.integer(Int64(range.upperBound))
            }
            if options.wantsMatchLengths { reply.integer(Int64(match.first.count)) }
        }
        reply.bulk("len")
        reply.integer(Int64(length))
    }
}
