/// At which positions followers hold writes up, and how many at each: the lowest is known at once.
struct HeldPositions: Sendable {
    /// By position, the lowest first. Few: followers apply the same records one after another.
    private var counts: [(position: UInt64, count: Int)] = []

    /// `.max` if nothing is held up.
    var lowest: UInt64 { counts.first?.position ?? .max }

    /// A follower holds up another position than before; `.max` of one that holds up nothing.
    mutating func move(from old: UInt64, to new: UInt64) {
        guard old != new else { return }
        if old != .max {
            let place = place(of: old)
            counts[place].count -= 1
            if counts[place].count == 0 { counts.remove(at: place) }
        }
        guard new != .max else { return }
        let place = place(of: new)
        if place < counts.count, counts[place].position == new {
            counts[place].count += 1
        } else {
            counts.insert((new, 1), at: place)
        }
    }

    private func place(of position: UInt64) -> Int { counts.place { $0.position < position } }
}
