import Synchronization

/// The implementation of ``Denylist``: shards by the first bits of a hash, segments by the next, groups of slots by the
/// rest. A reference to raw memory that ``Denylist`` owns, so passing it around counts no references.
@usableFromInline
struct Table: BitwiseCopyable {
    /// The bits of a hash: the top one of 64 is always zero.
    static let hashBits: UInt64 = 63
    /// The most bits for shards and segments together. A scan's cursor then fits into 53 bits, because some clients
    /// read it into a floating-point number.
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
        /// The limit of `used`; 0 for none.
        let limit: UnsafeMutablePointer<Atomic<Int>>
        /// The tables of all databases that were made, by number.
        let databases: UnsafeMutablePointer<Atomic<UnsafeMutablePointer<State>?>>
        let hand = Hand()
    }

    let state: UnsafeMutablePointer<State>

    init(_ configuration: Denylist.Configuration) {
        let used = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: 1)
        used.initialize(to: Atomic(0))
        let limit = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: 1)
        limit.initialize(to: Atomic(configuration.maximumBytes))
        let databases = UnsafeMutablePointer<Atomic<UnsafeMutablePointer<State>?>>.allocate(
            capacity: DatabaseNumber.count)
        for number in 0..<DatabaseNumber.count { (databases + number).initialize(to: Atomic(nil)) }
        state = .allocate(capacity: 1)
        state.initialize(
            to: State(
                hashing: configuration.hashKey.map(SipHash.init) ?? .withRandomKey(),
                forms: KeyForms(compact: configuration.compactPrefixes, guarded: configuration.guardedPrefix),
                common: CommonValues(configuration.commonValues),
                pool: BlockPool(hugePages: configuration.hugePages),
                shardBits: Self.shardBits(configuration.shards),
                shards: Self.allocateShards(configuration.shards),
                directory: Self.makeDirectory(),
                headers: HeaderPool(),
                used: used,
                limit: limit,
                databases: databases))
        (databases + 0).pointee.store(state, ordering: .relaxed)
        fillShards()
    }

    /// An empty table that shares the hash, the memory and its limit with another, which has to outlive it.
    init(sharing other: Table) {
        let (shared, count) = (other.state.pointee, other.shardCount)
        state = .allocate(capacity: 1)
        state.initialize(
            to: State(
                hashing: shared.hashing, forms: shared.forms, common: shared.common, pool: shared.pool,
                shardBits: Self.shardBits(count), shards: Self.allocateShards(count),
                directory: Self.makeDirectory(), headers: shared.headers, used: shared.used, limit: shared.limit,
                databases: shared.databases))
        fillShards()
    }

    init(state: UnsafeMutablePointer<State>) { self.state = state }

    private static func shardBits(_ count: Int) -> UInt64 {
        precondition((1...256).contains(count) && count & (count - 1) == 0, "shards: a power of two up to 256")
        return UInt64(count.trailingZeroBitCount)
    }

    private static func allocateShards(_ count: Int) -> UnsafeMutableRawPointer {
        .allocate(byteCount: count * Shard.size, alignment: 128)
    }

    private static func makeDirectory() -> Region {
        Region(reserving: (1 << Int(maximumDirectoryBits)) * SegmentEntry.size)
    }

    private func fillShards() {
        for index in 0..<shardCount {
            shard(at: index).initialize()
            reset(index)
        }
    }

    /// Frees all memory; of a table that shares it only what is its own.
    func deallocate(isSharing: Bool) {
        for index in 0..<shardCount {
            forEachSegment(index) { freeBoxes($0) }
        }
        let state = state.pointee
        state.directory.unmap()
        state.shards.deallocate()
        state.hand.deallocate()
        if !isSharing {
            state.pool.deallocate()
            state.headers.deallocate()
            state.used.deallocate()
            state.limit.deallocate()
            state.databases.deallocate()
            state.forms.deallocate()
            state.common.deallocate()
        }
        self.state.deallocate()
    }

    // MARK: Hashes and keys

    /// The hash of a key, with its compact form.
    @inline(__always)
    func hash(_ bytes: UnsafeRawBufferPointer) -> KeyHash {
        if let key = state.pointee.forms.compact(bytes) { return hash(key) }
        let hash = state.pointee.hashing.hash(bytes) >> 1
        let kind = fullKind(bytes)
        return KeyHash(
            value: hash, word0: hash, word1: 0, kind: kind, isGuarded: state.pointee.forms.isGuarded(kind: kind))
    }

    @inline(__always)
    private func hash(_ key: KeyForms.Compact) -> KeyHash {
        KeyHash(
            value: state.pointee.hashing.hash(key.word0, key.word1, kind: key.kind) >> 1, word0: key.word0,
            word1: key.word1, kind: key.kind, isGuarded: state.pointee.forms.isGuarded(kind: key.kind))
    }

    /// The hash of a key in two parts; nil if they do not show a compact form.
    @inline(__always)
    func hash(_ beginning: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer) -> KeyHash? {
        state.pointee.forms.compact(beginning, rest).map { hash($0) }
    }

    @inline(__always)
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

    /// The clock by which keys of this kind expire.
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

    /// The number of leading bits of a 64-bit hash that choose a segment of this depth.
    @inline(__always)
    func consumedBits(_ depth: UInt64) -> UInt64 { 1 &+ state.pointee.shardBits &+ depth }

    /// The directory's place for the segment of a hash. The shards' parts are interleaved, so a small directory takes
    /// little memory, and a growing one never moves.
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
