import Synchronization

/// A part of the table with its own lock. All members are read and written under the lock, with the exceptions noted.
struct Shard {
    /// No two shards share a cache line.
    static let size = 384
    let address: UnsafeMutableRawPointer

    private struct Header: ~Copyable {
        let lock = Atomic<UInt32>(0)
        let depth = Atomic<UInt32>(0)
        var entries = 0
        var expiring = 0
        var expired: UInt64 = 0
        var deepest = 1
    }

    @inline(__always)
    private var header: UnsafeMutablePointer<Header> { address.assumingMemoryBound(to: Header.self) }

    func initialize() { address.bindMemory(to: Header.self, capacity: 1).initialize(to: Header()) }

    @inline(__always)
    var lock: ShardLock { ShardLock(word: address.assumingMemoryBound(to: Atomic<UInt32>.self)) }

    /// The number of hash bits, after those of the shard, that choose the segment. Prefetches read it without the lock.
    @inline(__always)
    var depth: UInt64 {
        get { UInt64(header.pointee.depth.load(ordering: .relaxed)) }
        nonmutating set { header.pointee.depth.store(UInt32(newValue), ordering: .relaxed) }
    }

    /// The number of segments that need all ``depth`` bits.
    var deepest: Int {
        get { header.pointee.deepest }
        nonmutating set { header.pointee.deepest = newValue }
    }

    /// Entries, expired ones that are not reclaimed yet included.
    var entries: Int {
        get { header.pointee.entries }
        nonmutating set { header.pointee.entries = newValue }
    }

    /// Entries that have an expiry.
    var expiring: Int {
        get { header.pointee.expiring }
        nonmutating set { header.pointee.expiring = newValue }
    }

    /// The number of entries reclaimed after their expiry.
    var expired: UInt64 {
        get { header.pointee.expired }
        nonmutating set { header.pointee.expired = newValue }
    }

    /// Room to unpack a value: ``PackedValue/maximumLength`` bytes.
    var valueScratch: UnsafeMutableRawPointer { address + 64 }
    /// Room for a compact key's text: ``KeyForms/maximumLength`` bytes.
    var keyScratch: UnsafeMutableRawPointer { address + 192 }
}
