import Synchronization

/// The position of the clock hand. One thread at a time moves it.
struct Hand {
    let lock = ShardLock.allocate()
    private let place = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    /// The longest reclamation delays of this turn and of the one before, in milliseconds.
    private let lags = UnsafeMutablePointer<Atomic<Int64>>.allocate(capacity: 2)

    init() {
        place.initialize(to: 0)
        for turn in 0..<2 { (lags + turn).initialize(to: Atomic(0)) }
    }

    /// Any thread may read it.
    var worstLag: Int64 { max(lags[0].load(ordering: .relaxed), lags[1].load(ordering: .relaxed)) }

    func note(lag: Int64) {
        if lag > lags[0].load(ordering: .relaxed) { lags[0].store(lag, ordering: .relaxed) }
    }

    func beginTurn() {
        lags[1].store(lags[0].load(ordering: .relaxed), ordering: .relaxed)
        lags[0].store(0, ordering: .relaxed)
    }

    var position: UInt64 {
        get { place.pointee }
        nonmutating set { place.pointee = newValue }
    }

    func deallocate() {
        lock.deallocate()
        place.deallocate()
        lags.deallocate()
    }
}

extension Table {
    /// The most slots that the hand passes under one lock.
    private static let slotsPerLock = 640
    /// The most pages returned to the system at once.
    private static let pagesToTrim = 16
    /// The cost of an empty segment, in slots.
    private static let segmentCost = 16

    /// Moves the hand by about `slots` slots, at most once around.
    /// - Parameter gone: is told of each entry, under the lock that it is removed under; nil without a listener.
    /// - Returns: the number of entries reclaimed; 0 if another thread moves the hand.
    func reclaim(
        slots: Int, at moment: ClockReading, _ gone: ((_ key: UnsafeRawBufferPointer) -> Void)? = nil
    ) -> Int {
        let hand = state.pointee.hand
        guard hand.lock.tryLock() else { return 0 }
        defer { hand.lock.unlock() }
        var left = slots
        var reclaimed = 0
        var position = hand.position
        var around = Self.end
        while left > 0, around > 0 {
            let start = position
            let shard = shard(start)
            shard.lock.lock()
            reclaimed += reclaim(&position, shard, at: moment, left: &left, gone)
            shard.lock.unlock()
            around -= min(around, position - start)
            if position >= Self.end {
                position = 0
                hand.beginTurn()
            }
        }
        hand.position = position
        state.pointee.pool.prepare()
        state.pointee.pool.trim(Self.pagesToTrim)
        return reclaimed
    }

    /// Removes all entries that have expired, without grace, and counts none of them as reclaimed.
    func removeExpired(at moment: ClockReading) {
        let (guarded, _) = moment.guarded.addingReportingOverflow(Self.guardedGrace)
        _ = reclaim(slots: .max, at: ClockReading(wall: moment.wall, guarded: guarded))
        for index in 0..<shardCount { shard(at: index).expired = 0 }
        for _ in 0..<2 { state.pointee.hand.beginTurn() }
    }

    /// Passes some groups of a segment.
    private func reclaim(
        _ position: inout UInt64, _ shard: Shard, at moment: ClockReading, left: inout Int,
        _ gone: ((_ key: UnsafeRawBufferPointer) -> Void)?
    ) -> Int {
        let home = home(position, shard)
        let segment = home.segment
        var reclaimed = 0
        var group = home.group
        if segment.count == 0 {
            group = segment.groupCount
            left -= Self.segmentCost
        } else {
            let last = min(segment.groupCount, group + max(1, min(left, Self.slotsPerLock) / Group.slots))
            left -= (last - group) * Group.slots
            while group < last {
                reclaimed += reclaim(segment.group(group), segment, shard, at: moment, gone)
                group += 1
            }
        }
        shard.expired += UInt64(reclaimed)
        guard group >= segment.groupCount else {
            position = home.start(of: group)
            return reclaimed
        }
        // Positions are hashes, so the next segment begins at the same position even if this one changes.
        let hash = position
        position = home.segmentEnd
        left -= segment.isTooLarge ? segment.count : 0
        shrink(hash, shard)
        return reclaimed
    }

    private func reclaim(
        _ group: Group, _ segment: Segment, _ shard: Shard, at moment: ClockReading,
        _ gone: ((_ key: UnsafeRawBufferPointer) -> Void)?
    ) -> Int {
        var reclaimed = 0
        for lane in group.occupied {
            let slot = group.slot(lane)
            guard slot.meta.expiry != Meta.never else { continue }
            let isGuarded = state.pointee.forms.isGuarded(kind: slot.meta.kind)
            // An expiry may be any number, so the grace is not added to it.
            let bound = isGuarded ? moment.guarded - Self.guardedGrace : moment.wall
            guard slot.expiry <= bound else { continue }
            state.pointee.hand.note(lag: bound &- slot.expiry)
            gone?(keyText(slot, segment, shard))
            remove(hash(of: slot), slot, shard)
            reclaimed += 1
        }
        return reclaimed
    }
}
