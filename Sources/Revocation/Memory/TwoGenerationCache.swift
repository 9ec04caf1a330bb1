/// A dictionary of two generations. It forgets the older one when the younger is full, so it holds at most twice its
/// capacity.
struct TwoGenerationCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let capacity: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    init(capacity: Int) {
        self.capacity = capacity
    }

    subscript(key: Key) -> Value? {
        get { young.isEmpty && old.isEmpty ? nil : young[key] ?? old[key] }
        set {
            old[key] = nil
            young[key] = newValue
            guard young.count >= capacity else { return }
            old = young
            young = [:]
        }
    }

    mutating func removeAll() {
        young = [:]
        old = [:]
    }
}
