/// A dictionary that forgets what was not written lately, so that it never holds more than twice its capacity.
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
