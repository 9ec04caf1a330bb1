/// The connections that wait for something to send, the longest waiting first.
struct FreeConnections: Sendable {
    private var places: [Int]
    private var head = 0
    private(set) var count = 0

    init(capacity: Int) { places = Array(repeating: 0, count: capacity) }

    mutating func append(_ connection: Int) {
        precondition(count < places.count, "each is free once")
        places[(head + count) % places.count] = connection
        count += 1
    }

    mutating func popFirst() -> Int? {
        guard count > 0 else { return nil }
        defer {
            head = (head + 1) % places.count
            count -= 1
        }
        return places[head]
    }
}
