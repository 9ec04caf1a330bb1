/// Hands out blocks of memory, all of one size, so that none is lost between them. Blocks given back are used again first; those beyond a small stock go back to the
/// system in ``trim(_:)``.
struct BlockPool {
    static let blockSize = 8192
    /// The most blocks that stay in stock, or an eighth of those in use if that is more.
    private static let stock = 512
    /// The most memory that is prepared before anyone needs it, in bytes.
    private static let mostPrepared = 8 << 20

    private struct State {
        let blocks: Region
        /// The numbers of the blocks given back: those whose memory is still there, and those that gave it up.
        let stacks: Region
        let capacity: Int
        let lock: ShardLock
        let hugePages: Bool
        /// The first block never used yet.
        var fresh = 0
        var warm = 0
        var cold = 0
        /// Where the next huge page to be prepared begins.
        var unprepared: Int

        var warmStack: UnsafeMutablePointer<UInt32> { stacks.base.assumingMemoryBound(to: UInt32.self) }
        var coldStack: UnsafeMutablePointer<UInt32> { warmStack + capacity }
    }

    private let base: UnsafeMutableRawPointer
    private let state: UnsafeMutablePointer<State>

    init(hugePages: Bool) {
        let blocks = Region(reserving: Region.useful)
        let entry = MemoryLayout<UInt32>.stride
        let stacks = Region(reserving: blocks.size / Self.blockSize * 2 * entry)
        let capacity = min(blocks.size / Self.blockSize, stacks.size / (2 * entry))
        base = blocks.base
        state = .allocate(capacity: 1)
        state.initialize(
            to: State(
                blocks: blocks, stacks: stacks, capacity: capacity, lock: .allocate(), hugePages: hugePages,
                unprepared: blocks.firstHugePage))
    }

    func deallocate() {
        state.pointee.blocks.unmap()
        state.pointee.stacks.unmap()
        state.pointee.lock.deallocate()
        state.deallocate()
    }

    /// Where a block is. Any number gives an address, though only one given out gives memory of its owner.
    @inline(__always)
    func address(_ block: UInt32) -> UnsafeMutableRawPointer { base + Int(block) &* Self.blockSize }

    private func withLock<Result>(_ body: (inout State) -> Result) -> Result {
        state.pointee.lock.lock()
        defer { state.pointee.lock.unlock() }
        return body(&state.pointee)
    }

    func allocate() -> UInt32 {
        withLock { state in
            if state.warm > 0 {
                state.warm -= 1
                return state.warmStack[state.warm]
            }
            if state.cold > 0 {
                state.cold -= 1
                return state.coldStack[state.cold]
            }
            precondition(state.fresh < state.capacity, "more memory than the machine has")
            state.fresh += 1
            return UInt32(state.fresh - 1)
        }
    }

    func free(_ block: UInt32) {
        withLock { state in
            state.warmStack[state.warm] = block
            state.warm += 1
        }
    }

    /// Prepares one huge page, if those that are ready run short: a few per cent of what is in use should be, so that whoever
    /// takes blocks finds their memory there. Takes as long as the system takes to find and clear 2 MB.
    func prepare() {
        guard state.pointee.hugePages else { return }
        let next: (offset: Int, isUnused: Bool)? = withLock { state in
            let used = state.fresh * Self.blockSize
            let offset = state.unprepared
            let ahead = min(used / 32, Self.mostPrepared)
            guard offset < used + ahead, offset + Region.hugePageSize <= state.blocks.size else { return nil }
            state.unprepared += Region.hugePageSize
            return (offset, offset >= used)
        }
        if let next { state.pointee.blocks.prepareHugePage(offset: next.offset, isUnused: next.isUnused) }
    }

    /// Gives at most `limit` blocks that nobody needs soon back to the system.
    func trim(_ limit: Int) {
        guard !state.pointee.hugePages else { return }
        for _ in 0..<limit {
            let block: UInt32? = withLock { state in
                let used = state.fresh - state.warm - state.cold
                guard state.warm > max(Self.stock, used / 8) else { return nil }
                state.warm -= 1
                return state.warmStack[state.warm]
            }
            guard let block else { return }
            state.pointee.blocks.release(offset: Int(block) * Self.blockSize, count: Self.blockSize)
            withLock { state in
                state.coldStack[state.cold] = block
                state.cold += 1
            }
        }
    }
}
