/// A request, encoded but for the UUIDs of its keys, and the one reply that is right.
struct RequestTemplate: Sendable, Equatable {
    /// Where a key's UUID stands.
    struct Key: Sendable, Equatable {
        var offset: Int
        /// Whether it is one of the stored keys.
        var isLive: Bool
    }

    /// What it is called in a report.
    var name = ""
    private(set) var bytes: [UInt8] = []
    private(set) var keys: [Key] = []
    var reply: [UInt8]

    /// - Parameter text: the request with ``KeySpace/placeholder`` wherever a UUID belongs.
    /// - Parameter live: for each of them, whether it is one of the stored keys.
    init(_ text: String, live: [Bool], reply: String) {
        bytes = Array(text.utf8)
        self.reply = Array(reply.utf8)
        var rest = text[...]
        while let found = rest.firstRange(of: KeySpace.placeholder) {
            let offset = text.utf8.distance(from: text.startIndex, to: found.lowerBound)
            keys.append(Key(offset: offset, isLive: live[keys.count]))
            rest = rest[found.upperBound...]
        }
        precondition(keys.count == live.count, "as many keys as placeholders")
    }

    /// A request as an array of bulk strings (Redis' protocol specification, "Sending commands to a Redis server").
    static func resp(_ arguments: [String], live: [Bool], reply: String) -> RequestTemplate {
        RequestTemplate(RESPText.request(arguments), live: live, reply: reply)
    }
}

/// Redis' protocol as text, for what is encoded once.
enum RESPText {
    static func request(_ arguments: [String]) -> String {
        "*\(arguments.count)\r\n" + arguments.map { bulk($0) }.joined()
    }

    /// For arguments that need not be text.
    static func request(_ arguments: [[UInt8]]) -> [UInt8] {
        Array("*\(arguments.count)\r\n".utf8)
            + arguments.flatMap { Array("$\($0.count)\r\n".utf8) + $0 + Array("\r\n".utf8) }
    }

    static func array(_ elements: [String?]) -> String {
        "*\(elements.count)\r\n" + elements.map { $0.map(bulk) ?? "$-1\r\n" }.joined()
    }

    private static func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }
}
