/// Where the decisions of a history come from: drawn from a seed, or all of them one after the other.
struct Choices {
    private var random: Random
    /// Decisions that are made as they were in an earlier history; those after them are the first of all.
    private var prefix: [Int] = []
    private let isSystematic: Bool
    /// What was decided, and among how many.
    private(set) var made: [(choice: Int, count: Int)] = []

    init(seed: UInt64) {
        random = Random(seed: seed)
        isSystematic = false
    }

    init(prefix: [Int]) {
        random = Random(seed: 0)
        self.prefix = prefix
        isSystematic = true
    }

    /// - Parameter count: how many there are to choose from, at least one.
    mutating func pick(_ count: Int) -> Int {
        guard isSystematic else { return count == 1 ? 0 : Int(random.next(below: UInt64(count))) }
        let choice = made.count < prefix.count ? min(prefix[made.count], count - 1) : 0
        made.append((choice, count))
        return choice
    }

    mutating func chance(oneIn count: Int) -> Bool { pick(count) == count - 1 }

    /// The decisions of the next history in the order of all; nil after the last.
    var successor: [Int]? {
        guard let last = made.lastIndex(where: { $0.choice + 1 < $0.count }) else { return nil }
        return made[..<last].map(\.choice) + [made[last].choice + 1]
    }
}
