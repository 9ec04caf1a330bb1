import Synchronization

/// What stands behind ``Denylist``: shards by the first bits of a hash, segments by the next, groups of slots by the
/// rest. A reference to raw memory, so that passing it around counts nothing; ``Denylist`` owns that memory.
@usableFromInline
struct Table: BitwiseCopyable {
    /// Bits of a hash: the top one of 64 is always clear.
    static let hashBits: UInt64 = 63
    /// The most bits that shards and segments may use, so that a scan's cursor fits into 53 bits: some clients read it
    /// into a floating-point number.
    static let maximumDirectoryBits: UInt64 = 21
    /// Guarded entries stay at least this long after they expired, in milliseconds.
    static let guardedGrace: Int64 = 120_000

    struct State {
        let hashing: SipHash
        let forms: KeyForms
        let common: CommonValues
        let pool: BlockPool
        let shardBits: UInt64
        let shards: UnsafeMutableRawPointer
        let directory: Region
        let headers: HeaderPool
        let used: UnsafeMutablePointer<Atomic<Int>>
        /// The most that `used` may become; 0 is no limit.
        let limit: UnsafeMutablePointer<Atomic<Int>>
        let hand: Hand
    }

    let state: UnsafeMutablePointer<State>

    init(_ configuration: Denylist.Configuration) {
        let count = configuration.shards
        precondition((1...256).contains(count) && count & (count - 1) == 0, "shards: a power of two up to 256")
        let shards = UnsafeMutableRawPointer.allocate(byteCount: count * Shard.size, alignment: 128)
        let used = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: 1)
        used.initialize(to: Atomic(0))
        let limit = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: 1)
        limit.initialize(to: Atomic(configuration.maximumBytes))
        state = .allocate(capacity: 1)
        state.initialize(
            to: State(
                hashing: configuration.hashKey.map(SipHash.init) ?? .withRandomKey(),
                forms: KeyForms(compact: configuration.compactPrefixes, guarded: configuration.guardedPrefix),
                common: CommonValues(configuration.commonValues),
                pool: BlockPool(hugePages: configuration.hugePages),
                shardBits: UInt64(count.trailingZeroBitCount),
                shards: shards,
                directory: Region(reserving: (1 << Int(Self.maximumDirectoryBits)) * SegmentEntry.size),
                headers: HeaderPool(),
                used: used,
                limit: limit,
                hand: Hand()))
        for index in 0..<count {
            let shard = shard(at: index)
            shard.initialize()
            reset(index)
        }
    }

    /// Frees everything.
    func deallocate() {
        for index in 0..<shardCount {
            forEachSegment(index) { freeBoxes($0) }
        }
        let state = state.pointee
        state.pool.deallocate()
        state.headers.deallocate()
        state.directory.unmap()
        state.shards.deallocate()
        state.used.deallocate()
        state.limit.deallocate()
        state.hand.deallocate()
        state.forms.deallocate()
        state.common.deallocate()
        self.state.deallocate()
    }

    // MARK: Hashes and keys

    /// The hash of a key, with its compact form.
    func hash(_ bytes: UnsafeRawBufferPointer) -> KeyHash {
        if let key = state.pointee.forms.compact(bytes) {
            return KeyHash(
                value: state.pointee.hashing.hash(key.word0, key.word1, kind: key.kind) >> 1, word0: key.word0,
                word1: key.word1, kind: key.kind, isGuarded: state.pointee.forms.isGuarded(kind: key.kind))
        }
        let hash = state.pointee.hashing.hash(bytes) >> 1
        let kind = fullKind(bytes)
        return KeyHash(
            value: hash, word0: hash, word1: 0, kind: kind, isGuarded: state.pointee.forms.isGuarded(kind: kind))
    }

    func fullKind(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        state.pointee.forms.isGuarded(bytes) ? KeyForms.guarded : KeyForms.plain
    }

    /// The hash of the key in a slot.
    @inline(__always)
    func hash(of slot: Slot) -> UInt64 {
        let kind = slot.meta.kind
        if kind >= KeyForms.plain { return slot.word0 }
        return state.pointee.hashing.hash(slot.word0, slot.word1, kind: kind) >> 1
    }

    /// The time that decides whether keys of this kind are expired.
    @inline(__always)
    func time(_ moment: ClockReading, kind: UInt64) -> Int64 {
        state.pointee.forms.isGuarded(kind: kind) ? moment.guarded : moment.wall
    }

    @inline(__always)
    func isLive(_ slot: Slot, at moment: ClockReading) -> Bool { slot.expiry > time(moment, kind: slot.meta.kind) }

    // MARK: Shards and segments

    var shardCount: Int { 1 << Int(state.pointee.shardBits) }

    @inline(__always)
    func shardIndex(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash &>> (Self.hashBits &- state.pointee.shardBits))
    }

    @inline(__always)
    func shard(at index: Int) -> Shard {
        assert(index >= 0 && index < shardCount)
        return Shard(address: state.pointee.shards + index &* Shard.size)
    }

    @inline(__always)
    func shard(_ hash: UInt64) -> Shard { shard(at: shardIndex(hash)) }

    /// How many leading bits of a 64-bit hash choose a segment of this depth.
    @inline(__always)
    func consumedBits(_ depth: UInt64) -> UInt64 { 1 &+ state.pointee.shardBits &+ depth }

    /// Where the directory names the segment of a hash. The shards' parts are interleaved, so that a small directory
    /// takes little memory and a growing one never moves.
    @inline(__always)
    func directoryPlace(_ hash: UInt64, depth: UInt64) -> UnsafeMutableRawPointer {
        let shardBits = state.pointee.shardBits
        // Shifted right twice, because the depth may be 0.
        let index = ((hash &<< (1 &+ shardBits)) &>> 1) &>> (Self.hashBits &- depth)
        return directoryPlace(Int(truncatingIfNeeded: index), shard: shardIndex(hash))
    }

    @inline(__always)
    func directoryPlace(_ index: Int, shard: Int) -> UnsafeMutableRawPointer {
        let place = index &<< Int(truncatingIfNeeded: state.pointee.shardBits) | shard
        assert(place < 1 << Int(Self.maximumDirectoryBits))
        return state.pointee.directory.base + place &* SegmentEntry.size
    }

    @inline(__always)
    func segmentEntry(_ hash: UInt64, _ shard: Shard) -> SegmentEntry {
        SegmentEntry(at: directoryPlace(hash, depth: shard.depth))
    }

    @inline(__always)
    func segment(_ entry: SegmentEntry) -> Segment {
        Segment(state.pointee.headers.address(entry.number), state.pointee.pool)
    }

    // MARK: Memory

    /// The memory that entries and tables take, in bytes.
    var used: Int { state.pointee.used.pointee.load(ordering: .relaxed) }

    func account(_ bytes: Int) {
        if bytes != 0 { state.pointee.used.pointee.add(bytes, ordering: .relaxed) }
    }
}
