import Foundation
import Testing

extension TestSocket {
    /// Sends a command and compares the reply, written as `+OK`, `:1`, `"value"`, `nil`, `["a", nil]` or
    /// `-ERR text`; an expectation that ends in `…` is a beginning.
    func expect(_ command: WireCommand, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try expect([(command, expected)], sourceLocation: sourceLocation)
    }

    /// The same of several that are sent at once, so that one state of the daemon answers them all.
    /// - Returns: the replies, in the same writing.
    @discardableResult
    func expect(
        _ commands: [(command: WireCommand, expected: String)], sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [String] {
        try send(commands.flatMap(\.command.encoded))
        return try commands.map { command, expected in
            let actual = Self.render(try reply())
            let isSame = expected.last == "…" ? actual.hasPrefix(expected.dropLast()) : actual == expected
            #expect(
                isSame, "\(command)\n  expected: \(expected)\n  actual:   \(actual)", sourceLocation: sourceLocation)
            return actual
        }
    }

    /// What a command answers, in the same writing.
    func ask(_ command: WireCommand) throws -> String { Self.render(try self.command(command)) }

    private static func render(_ reply: Bytes) -> String {
        switch reply.first {
        case UInt8(ascii: "$"): return ReplyFrame.bulk(reply).map { "\"\(readable($0, limit: .max))\"" } ?? "nil"
        case UInt8(ascii: "="): return "\"" + readable(Bytes(reply.dropLast(2)), limit: .max) + "\""
        case UInt8(ascii: "_"): return "nil"
        case UInt8(ascii: "*") where reply.count > 2 && reply[1] == UInt8(ascii: "-"): return "nil"
        case UInt8(ascii: "*"), UInt8(ascii: "%"), UInt8(ascii: "~"):
            guard reply[1] != UInt8(ascii: "0") else { return "[]" }
            return "[" + ((try? ReplyFrame.elements(of: reply)) ?? []).map(render).joined(separator: ", ") + "]"
        default: return readable(Bytes(reply.dropLast(2)), limit: .max)
        }
    }
}

/// Asks again and again until it holds.
/// - Throws: when it does not hold within 20 s.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = Date(timeIntervalSinceNow: TestSocket.patience)
    while try await !condition() {
        guard deadline.timeIntervalSinceNow > 0 else { throw TestFailure("it never came true: \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}
