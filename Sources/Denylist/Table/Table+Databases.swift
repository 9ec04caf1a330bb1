/// What needs two tables of one memory (``Table/init(sharing:)``). All shards are locked.
extension Table {
    /// Exchanges the entries with another table of as many shards: of every shard its part of the directory.
    func swapEntries(with other: Table) {
        precondition(shardCount == other.shardCount && state.pointee.used == other.state.pointee.used)
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: SegmentEntry.size, alignment: 8)
        defer { scratch.deallocate() }
        for number in 0..<shardCount {
            let (one, two) = (shard(at: number), other.shard(at: number))
            for index in 0..<(1 << Int(max(one.depth, two.depth))) {
                let (here, there) = (directoryPlace(index, shard: number), other.directoryPlace(index, shard: number))
                SegmentEntry.copy(from: here, to: scratch)
                SegmentEntry.copy(from: there, to: here)
                SegmentEntry.copy(from: scratch, to: there)
            }
            (one.depth, two.depth) = (two.depth, one.depth)
            (one.deepest, two.deepest) = (two.deepest, one.deepest)
            (one.entries, two.entries) = (two.entries, one.entries)
            (one.expiring, two.expiring) = (two.expiring, one.expiring)
        }
    }

    /// Whether a shard holds a guarded entry.
    func holdsGuarded(_ number: Int) -> Bool {
        var isFound = false
        forEachSegment(number) { segment in
            guard !isFound else { return }
            forEachSlot(segment) { if state.pointee.forms.isGuarded(kind: $0.meta.kind) { isFound = true } }
        }
        return isFound
    }
}
