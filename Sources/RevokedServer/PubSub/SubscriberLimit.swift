import Settings

/// What may wait for a client that is subscribed to something, in bytes: Redis' `client-output-buffer-limit pubsub`.
package struct SubscriberLimit: Sendable, Equatable, CustomStringConvertible {
    /// More than this ends the connection; 0 is no limit.
    var hard = 32 << 20
    /// So does more than this for ``seconds``; 0 is no limit.
    var soft = 8 << 20
    var seconds = 60

    package init() {}

    /// - Returns: nil if the text is not `pubsub <hard> <soft> <seconds>`.
    package init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 4, words[0].lowercased() == "pubsub", let hard = MemorySize.parse(String(words[1])),
            let soft = MemorySize.parse(String(words[2])), let seconds = Int(words[3]),
            (0...Int(Int32.max)).contains(seconds)
        else { return nil }
        (self.hard, self.soft, self.seconds) = (hard, soft, seconds)
    }

    package var description: String { "pubsub \(MemorySize.text(hard)) \(MemorySize.text(soft)) \(seconds)" }
}
