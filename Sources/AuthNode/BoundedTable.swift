/// A dictionary of two generations: when the younger one is full the older one is forgotten. So memory is bounded, each
/// step takes the same time, and what was set lately is there.
struct BoundedTable<Key: Hashable, Value> {
    /// Of each generation.
    private let capacity: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { young.count + old.count }

    subscript(key: Key) -> Value? { young[key] ?? old[key] }

    mutating func set(_ value: Value, for key: Key) {
        if young.count >= capacity, young[key] == nil { (young, old) = ([:], young) }
        young[key] = value
        old[key] = nil
    }

    mutating func remove(_ key: Key) {
        young[key] = nil
        old[key] = nil
    }
}
