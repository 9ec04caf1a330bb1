import Contract

/// Successors that this process proposed to a store without learning whether they were taken: a client that presents
/// the same token again gets the same successor, instead of being taken for a thief.
struct PendingSuccessors: Sendable {
    /// More are forgotten, the oldest first.
    static let capacity = 10_000

    private var successors: [ExactString: String] = [:]
    private var order: [ExactString] = []
    private var start = 0

    /// The successor that was proposed for the token with this key, if any. It is given out once: of several who
    /// present the token only one may go on with it.
    mutating func take(_ key: String) -> String? {
        successors.removeValue(forKey: ExactString(key))
    }

    mutating func keep(_ successor: String, for key: String) {
        let key = ExactString(key)
        if successors.updateValue(successor, forKey: key) == nil { order.append(key) }
        while order.count - start > Self.capacity {
            successors.removeValue(forKey: order[start])
            start += 1
        }
        if start > Self.capacity {
            order.removeFirst(start)
            start = 0
        }
    }
}
