import Contract

/// Successors that this process wrote without learning whether the store took them. A client that presents the same
/// token again gets the same successor, and is not taken for a thief.
struct PendingSuccessors: Sendable {
    /// More are forgotten, the oldest first.
    static let capacity = 10_000

    private var successors: [ExactString: String] = [:]
    private var order: [ExactString] = []
    private var start = 0

    /// Removes and returns the successor for the token with this key, if any. Of several concurrent presenters only one
    /// gets it.
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
