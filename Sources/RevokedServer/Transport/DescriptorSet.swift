/// Descriptors, a bit for each: they are small numbers, because the system gives the lowest one that is free.
struct DescriptorSet {
    private var words: [UInt64] = []

    mutating func insert(_ descriptor: Int32) {
        let word = Int(descriptor) / 64
        while words.count <= word { words.append(0) }
        words[word] |= 1 << UInt64(descriptor % 64)
    }

    mutating func remove(_ descriptor: Int32) {
        let word = Int(descriptor) / 64
        if word < words.count { words[word] &= ~(1 << UInt64(descriptor % 64)) }
    }

    /// The lowest one that is no lower than `start`.
    func first(from start: Int32) -> Int32? {
        var word = Int(start) / 64
        guard word < words.count else { return nil }
        var bits = words[word] & .max << UInt64(start % 64)
        while bits == 0 {
            word += 1
            guard word < words.count else { return nil }
            bits = words[word]
        }
        return Int32(word * 64 + bits.trailingZeroBitCount)
    }
}
