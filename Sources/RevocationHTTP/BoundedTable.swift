/// A dictionary of two generations: when the younger is full, the older is dropped. So memory is bounded, each step
/// takes the same time, and recent entries are kept.
package struct BoundedTable<Key: Hashable, Value> {
    /// Of each generation.
    private let capacity: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    package init(capacity: Int) { self.capacity = capacity }

    package var count: Int { young.count + old.count }

    package subscript(key: Key) -> Value? { young[key] ?? old[key] }

    package mutating func set(_ value: Value, for key: Key) {
        if young.count >= capacity, young[key] == nil { (young, old) = ([:], young) }
        young[key] = value
        old[key] = nil
    }

    package mutating func remove(_ key: Key) {
        young[key] = nil
        old[key] = nil
    }
}
