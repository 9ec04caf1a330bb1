/// Hands out blocks of memory, all of one size, so that none is lost between them. Blocks given back are used again
/// first; those beyond a small stock go back to the system in ``trim(_:)``.
struct BlockPool {
    static let blockSize = 8192
    /// A block's number is that of its window (upper bits) and of its place there (lower 16): the blocks of a segment
    /// are of one window, so that 16 bits name each.
    static let blocksPerWindow = 1 << 16
    /// The most blocks that stay in stock, or an eighth of those in use if that is more.
    private static let stock = 512
    /// The most memory that is prepared before anyone needs it, in bytes.
    private static let mostPrepared = 8 << 20

    private struct Window {
        /// The first block never used yet.
        var fresh = 0
        /// How many were given back: those whose memory is still there, and those that gave it up.
        var warm = 0
        var cold = 0
        var capacity: Int

        var free: Int { warm + cold + capacity - fresh }
    }

    private struct State {
        let blocks: Region
        /// For each window, two stacks of blocks given back.
        let stacks: Region
        let windows: UnsafeMutableBufferPointer<Window>
        let lock: ShardLock
        let hugePages: Bool
        /// Windows before this one are full.
        var firstWithRoom = 0
        var inUse = 0
        var warm = 0
        /// The end of the blocks ever used, in bytes.
        var frontier = 0
        /// Where the next huge page to be prepared begins.
        var unprepared: Int

        func warmStack(_ window: Int) -> UnsafeMutablePointer<UInt16> {
            stacks.base.assumingMemoryBound(to: UInt16.self) + window * 2 * BlockPool.blocksPerWindow
        }

        func coldStack(_ window: Int) -> UnsafeMutablePointer<UInt16> { warmStack(window) + BlockPool.blocksPerWindow }
    }

    private let base: UnsafeMutableRawPointer
    private let size: Int
    private let state: UnsafeMutablePointer<State>

    init(hugePages: Bool) {
        let blocks = Region(reserving: Region.useful)
        let count = blocks.size / Self.blockSize
        let windowCount = (count + Self.blocksPerWindow - 1) / Self.blocksPerWindow
        let windows = UnsafeMutableBufferPointer<Window>.allocate(capacity: windowCount)
        for index in windows.indices {
            let capacity = min(Self.blocksPerWindow, count - index * Self.blocksPerWindow)
            windows.initializeElement(at: index, to: Window(capacity: capacity))
        }
        base = blocks.base
        size = count * Self.blockSize
        state = .allocate(capacity: 1)
        state.initialize(
            to: State(
                blocks: blocks,
                stacks: Region(reserving: windowCount * Self.blocksPerWindow * 2 * MemoryLayout<UInt16>.stride),
                windows: windows, lock: .allocate(), hugePages: hugePages, unprepared: blocks.firstHugePage))
    }

    func deallocate() {
        state.pointee.blocks.unmap()
        state.pointee.stacks.unmap()
        state.pointee.windows.deallocate()
        state.pointee.lock.deallocate()
        state.deallocate()
    }

    /// Where a block is. Any number gives an address, though only one given out gives memory of its owner.
    @inline(__always)
    func address(_ block: UInt32) -> UnsafeMutableRawPointer { base + Int(block) &* Self.blockSize }

    /// Whether reading this address, of whatever block it is, does no harm.
    @inline(__always)
    func has(_ address: UnsafeMutableRawPointer) -> Bool {
        UInt(bitPattern: address) &- UInt(bitPattern: base) < UInt(bitPattern: size)
    }

    private func withLock<Result>(_ body: (inout State) -> Result) -> Result {
        state.pointee.lock.lock()
        defer { state.pointee.lock.unlock() }
        return body(&state.pointee)
    }

    // MARK: Allocating

    /// Takes some blocks of one window.
    func allocate(into numbers: UnsafeMutableBufferPointer<UInt32>) {
        guard !numbers.isEmpty else { return }
        withLock { state in
            var window = state.firstWithRoom
            while state.windows[window].free < numbers.count {
                window += 1
                precondition(window < state.windows.count, "more memory than the machine has")
            }
            for index in numbers.indices {
                numbers[index] = UInt32(window << 16 | Self.take(&state, window))
            }
            state.inUse += numbers.count
            if window == state.firstWithRoom, state.windows[window].free == 0, window + 1 < state.windows.count {
                state.firstWithRoom += 1
            }
        }
    }

    private static func take(_ state: inout State, _ window: Int) -> Int {
        if state.windows[window].warm > 0 {
            state.windows[window].warm -= 1
            state.warm -= 1
            return Int(state.warmStack(window)[state.windows[window].warm])
        }
        if state.windows[window].cold > 0 {
            state.windows[window].cold -= 1
            return Int(state.coldStack(window)[state.windows[window].cold])
        }
        let place = state.windows[window].fresh
        state.windows[window].fresh += 1
        state.frontier = max(state.frontier, (window << 16 | place + 1) * blockSize)
        return place
    }

    func free(_ numbers: UnsafeMutableBufferPointer<UInt32>) {
        guard !numbers.isEmpty else { return }
        withLock { state in
            for block in numbers {
                let window = Int(block >> 16)
                state.warmStack(window)[state.windows[window].warm] = UInt16(truncatingIfNeeded: block)
                state.windows[window].warm += 1
                state.firstWithRoom = min(state.firstWithRoom, window)
            }
            state.warm += numbers.count
            state.inUse -= numbers.count
        }
    }

    // MARK: Housekeeping

    /// Prepares one huge page, if those that are ready run short: a few per cent of what is in use should be, so that
    /// whoever takes blocks finds their memory there. Takes as long as the system takes to find and clear 2 MB.
    func prepare() {
        guard state.pointee.hugePages else { return }
        let next: (offset: Int, isUnused: Bool)? = withLock { state in
            let offset = state.unprepared
            let ahead = min(state.frontier / 32, Self.mostPrepared)
            guard offset < state.frontier + ahead, offset + Region.hugePageSize <= state.blocks.size else { return nil }
            state.unprepared += Region.hugePageSize
            return (offset, offset >= state.frontier)
        }
        if let next { state.pointee.blocks.prepareHugePage(offset: next.offset, isUnused: next.isUnused) }
    }

    /// Gives at most `limit` blocks that nobody needs soon back to the system; none with huge pages, which giving back a
    /// part of would break up.
    func trim(_ limit: Int) {
        guard !state.pointee.hugePages else { return }
        for _ in 0..<limit {
            let block: Int? = withLock { state in
                guard state.warm > max(Self.stock, state.inUse / 8),
                    let window = state.windows.lastIndex(where: { $0.warm > 0 })
                else { return nil }
                state.warm -= 1
                state.windows[window].warm -= 1
                return window << 16 | Int(state.warmStack(window)[state.windows[window].warm])
            }
            guard let block else { return }
            state.pointee.blocks.release(offset: block * Self.blockSize, count: Self.blockSize)
            withLock { state in
                let window = block >> 16
                state.coldStack(window)[state.windows[window].cold] = UInt16(truncatingIfNeeded: block)
                state.windows[window].cold += 1
            }
        }
    }
}
