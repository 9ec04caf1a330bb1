/// Hands out blocks of memory, all of one size, so that none is lost between them. Blocks given back are used again first; those beyond a small stock go back to the
/// system in ``trim(_:)``.
struct BlockPool {
    static let blockSize = 8192
    /// The most blocks that stay in stock, or an eighth of those in use if that is more.
    private static let stock = 512

    private struct State {
        /// The first block never used yet.
        var fresh = 0
        /// How many blocks the two stacks hold: those whose memory is still there, and those that gave it back.
        var warm = 0
        var cold = 0
    }

    /// The number of a block is its place in this region.
    let blocks: Region
    private let stacks: Region
    private let lock: ShardLock
    private let state: UnsafeMutablePointer<State>
    private let hugePages: Bool

    init(hugePages: Bool) {
        self.hugePages = hugePages
        blocks = Region(reserving: Region.useful)
        if hugePages { blocks.adviseHugePages() }
        stacks = Region(reserving: blocks.size / Self.blockSize * 2 * MemoryLayout<UInt32>.stride)
        lock = .allocate()
        state = .allocate(capacity: 1)
        state.initialize(to: State())
    }

    func deallocate() {
        blocks.unmap()
        stacks.unmap()
        lock.deallocate()
        state.deallocate()
    }

    @inline(__always)
    func address(_ block: UInt32) -> UnsafeMutableRawPointer { blocks.base + Int(block) &* Self.blockSize }

    private var capacity: Int { min(blocks.size / Self.blockSize, stacks.size / (2 * MemoryLayout<UInt32>.stride)) }
    private var warmStack: UnsafeMutablePointer<UInt32> { stacks.base.assumingMemoryBound(to: UInt32.self) }
    private var coldStack: UnsafeMutablePointer<UInt32> { warmStack + capacity }

    private func withLock<Result>(_ body: () -> Result) -> Result {
        lock.lock()
        defer { lock.unlock() }
        return body()
    }

    func allocate() -> UInt32 {
        withLock {
            if state.pointee.warm > 0 {
                state.pointee.warm -= 1
                return warmStack[state.pointee.warm]
            }
            if state.pointee.cold > 0 {
                state.pointee.cold -= 1
                return coldStack[state.pointee.cold]
            }
            precondition(state.pointee.fresh < capacity, "more memory than the machine has")
            state.pointee.fresh += 1
            return UInt32(state.pointee.fresh - 1)
        }
    }

    func free(_ block: UInt32) {
        withLock {
            warmStack[state.pointee.warm] = block
            state.pointee.warm += 1
        }
    }

    /// Gives at most `limit` blocks that nobody needs soon back to the system.
    func trim(_ limit: Int) {
        guard !hugePages else { return }
        for _ in 0..<limit {
            let block: UInt32? = withLock {
                let used = state.pointee.fresh - state.pointee.warm - state.pointee.cold
                guard state.pointee.warm > max(Self.stock, used / 8) else { return nil }
                state.pointee.warm -= 1
                return warmStack[state.pointee.warm]
            }
            guard let block else { return }
            blocks.release(offset: Int(block) * Self.blockSize, count: Self.blockSize)
            withLock {
                coldStack[state.pointee.cold] = block
                state.pointee.cold += 1
            }
        }
    }
}
