/// Hands out blocks of memory, all of one size, without gaps between them.
///
/// Free blocks with low addresses go first. All segments move when a table shrinks, so blocks in use come together, and
/// whole pages of 2 MB return to the system. This makes huge pages possible.
struct BlockPool {
    static let blockSize = 8192
    /// A block's number consists of its window (upper bits) and its place in it (lower 16). All blocks of a segment are
    /// in one window, so 16 bits name each.
    static let blocksPerWindow = 1 << 16
    private static let blocksPerPage = Region.hugePageSize / blockSize
    private static let pagesPerWindow = blocksPerWindow / blocksPerPage
    /// The most pages that one ``prepare()`` makes ready.
    private static let maximumPrepared = 8

    private struct Window {
        /// Blocks in use.
        var used = 0
        var pages: Int
        /// Pages without a free block.
        var full = PageSet()
        /// Pages whose memory is present, or comes with the first touch.
        var backed = PageSet()
        /// Backed pages that were not prepared, and so are not huge.
        var loose = PageSet()

        var free: Int { pages * BlockPool.blocksPerPage - used }
    }

    private struct State {
        let blocks: Region
        /// For each window, a bit for each block: whether it is in use.
        let map: Region
        let windows: UnsafeMutableBufferPointer<Window>
        let lock: ShardLock
        let hugePages: Bool
        /// Windows before this one are full.
        var firstWithRoom = 0
        var inUse = 0
        /// Free blocks of pages that are backed.
        var spare = 0
        /// The value of ``inUse`` at the last preparation, and the number of spare blocks wanted then.
        var inUseBefore = 0
        var ahead = 0

        /// The bits of a page.
        func bits(_ window: Int, _ page: Int) -> UnsafeMutablePointer<SIMD4<UInt64>> {
            map.base.assumingMemoryBound(to: SIMD4<UInt64>.self) + (window * BlockPool.pagesPerWindow + page)
        }

        /// The number of free blocks to keep.
        var stock: Int { max(BlockPool.blocksPerPage / 2, ahead, inUse / 32) }
    }

    private let base: UnsafeMutableRawPointer
    private let size: Int
    private let state: UnsafeMutablePointer<State>

    init(hugePages: Bool) {
        let blocks = Region(reserving: Region.useful)
        base = blocks.base + blocks.firstHugePage
        let pages = max(0, blocks.size - blocks.firstHugePage) / Region.hugePageSize
        precondition(pages > 0, "the system gives no memory")
        size = pages * Region.hugePageSize
        let windowCount = (pages + Self.pagesPerWindow - 1) / Self.pagesPerWindow
        let windows = UnsafeMutableBufferPointer<Window>.allocate(capacity: windowCount)
        for index in windows.indices {
            var window = Window(pages: min(Self.pagesPerWindow, pages - index * Self.pagesPerWindow))
            for page in window.pages..<Self.pagesPerWindow { window.full.insert(page) }
            windows.initializeElement(at: index, to: window)
        }
        state = .allocate(capacity: 1)
        state.initialize(
            to: State(
                blocks: blocks,
                map: Region(reserving: windowCount * Self.blocksPerWindow / 8),
                windows: windows, lock: .allocate(), hugePages: hugePages))
        // A thread that first touches a page must not wait until the system has cleared a huge page.
        if hugePages { blocks.useHugePages(false, offset: blocks.firstHugePage, count: size) }
    }

    func deallocate() {
        state.pointee.blocks.unmap()
        state.pointee.map.unmap()
        state.pointee.windows.deallocate()
        state.pointee.lock.deallocate()
        state.deallocate()
    }

    /// A block's address. Any number gives an address, but only a number handed out gives memory that its owner may
    /// use.
    @inline(__always)
    func address(_ block: UInt32) -> UnsafeMutableRawPointer { base + Int(block) &* Self.blockSize }

    /// Whether this address can be read safely, in whichever block it is.
    @inline(__always)
    func has(_ address: UnsafeMutableRawPointer) -> Bool {
        UInt(bitPattern: address) &- UInt(bitPattern: base) < UInt(bitPattern: size)
    }

    private func withLock<Result>(_ body: (inout State) -> Result) -> Result {
        state.pointee.lock.lock()
        defer { state.pointee.lock.unlock() }
        return body(&state.pointee)
    }

    /// The memory present, in use or not, in bytes.
    var backedBytes: Int { withLock { ($0.inUse + $0.spare) * Self.blockSize } }

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
            if window == state.firstWithRoom, state.windows[window].free == 0, window + 1 < state.windows.count {
                state.firstWithRoom += 1
            }
        }
    }

    private static func take(_ state: inout State, _ window: Int) -> Int {
        let page = state.windows[window].backed.subtracting(state.windows[window].full).first ?? back(&state, window)
        let bits = state.bits(window, page)
        var word = 0
        while bits.pointee[word] == .max { word += 1 }
        let bit = (~bits.pointee[word]).trailingZeroBitCount
        bits.pointee[word] |= 1 << UInt64(bit)
        if bits.pointee == SIMD4(repeating: .max) { state.windows[window].full.insert(page) }
        state.windows[window].used += 1
        state.inUse += 1
        state.spare -= 1
        return page * blocksPerPage + word * 64 + bit
    }

    /// Makes a page usable whose memory comes as it is touched.
    private static func back(_ state: inout State, _ window: Int) -> Int {
        guard let page = state.windows[window].backed.union(state.windows[window].full).inverted.first else {
            preconditionFailure("a window with room has a page with room")
        }
        state.windows[window].backed.insert(page)
        state.windows[window].loose.insert(page)
        state.spare += blocksPerPage
        return page
    }

    func free(_ numbers: UnsafeMutableBufferPointer<UInt32>) {
        guard !numbers.isEmpty else { return }
        withLock { state in
            for block in numbers {
                let window = Int(block >> 16)
                let place = Int(block & 0xFFFF)
                let page = place / Self.blocksPerPage
                let bit = place % Self.blocksPerPage
                state.bits(window, page).pointee[bit / 64] &= ~(1 << UInt64(bit % 64))
                state.windows[window].full.remove(page)
                state.windows[window].used -= 1
                state.firstWithRoom = min(state.firstWithRoom, window)
            }
            state.inUse -= numbers.count
            state.spare += numbers.count
        }
    }

    // MARK: Housekeeping

    /// Puts blocks that are likely to be taken before the next call into huge pages, in advance. Takes as long as the
    /// system needs to find and clear some pages.
    func prepare() {
        guard state.pointee.hugePages else { return }
        var wanted = withLock { state in
            let growth = max(0, state.inUse - state.inUseBefore)
            state.inUseBefore = state.inUse
            state.ahead = 0
            // A small table does not need huge pages.
            guard state.inUse >= Self.blocksPerPage / 2 else { return 0 }
            state.ahead = min(max(Self.blocksPerPage / 2, 2 * growth), Self.maximumPrepared * Self.blocksPerPage)
            return (state.ahead - state.spare + Self.blocksPerPage - 1) / Self.blocksPerPage
        }
        while wanted > 0, let (window, page) = withLock({ Self.claimUnbacked(&$0) }) {
            useHugePage(window, page) { $0.populate(offset: $1, count: $2) }
            withLock { state in
                state.windows[window].backed.insert(page)
                state.spare += Self.blocksPerPage
                Self.giveBack(&state, window, page)
            }
            wanted -= 1
        }
        if let (window, page) = withLock({ Self.takeLoose(&$0) }) {
            useHugePage(window, page) { $0.collapse(offset: $1, count: $2) }
        }
    }

    private func useHugePage(_ window: Int, _ page: Int, _ fill: (Region, _ offset: Int, _ count: Int) -> Void) {
        let (blocks, offset) = (state.pointee.blocks, offset(window, page))
        blocks.useHugePages(true, offset: offset, count: Region.hugePageSize)
        fill(blocks, offset, Region.hugePageSize)
    }

    /// The offset of a page in the region.
    private func offset(_ window: Int, _ page: Int) -> Int {
        state.pointee.blocks.firstHugePage + (window * Self.pagesPerWindow + page) * Region.hugePageSize
    }

    /// Reserves a page for the caller; all of its blocks are free.
    private static func claim(_ state: inout State, _ window: Int, _ page: Int) {
        state.windows[window].full.insert(page)
        state.windows[window].used += blocksPerPage
    }

    private static func giveBack(_ state: inout State, _ window: Int, _ page: Int) {
        state.windows[window].full.remove(page)
        state.windows[window].used -= blocksPerPage
        state.firstWithRoom = min(state.firstWithRoom, window)
    }

    /// Reserves the lowest page without memory for the caller.
    private static func claimUnbacked(_ state: inout State) -> (window: Int, page: Int)? {
        for window in state.firstWithRoom..<state.windows.count {
            let others = state.windows[window].backed.union(state.windows[window].full)
            guard let page = others.inverted.first else { continue }
            claim(&state, window, page)
            return (window, page)
        }
        return nil
    }

    /// A page in use that is not huge; each is returned once.
    private static func takeLoose(_ state: inout State) -> (window: Int, page: Int)? {
        for window in state.windows.indices {
            for page in state.windows[window].loose.subtracting(state.windows[window].full.inverted) {
                state.windows[window].loose.remove(page)
                return (window, page)
            }
        }
        return nil
    }

    /// Returns at most `limit` pages that are not needed soon to the system, the highest first.
    func trim(_ limit: Int) {
        for _ in 0..<limit {
            guard let (window, page) = withLock({ Self.claimSpare(&$0) }) else { return }
            let offset = offset(window, page)
            state.pointee.blocks.release(offset: offset, count: Region.hugePageSize)
            if state.pointee.hugePages {
                state.pointee.blocks.useHugePages(false, offset: offset, count: Region.hugePageSize)
            }
            withLock { Self.giveBack(&$0, window, page) }
        }
    }

    private static func claimSpare(_ state: inout State) -> (window: Int, page: Int)? {
        guard state.spare >= state.stock + blocksPerPage else { return nil }
        for window in state.windows.indices.reversed() {
            var pages = state.windows[window].backed.subtracting(state.windows[window].full)
            while let page = pages.last {
                pages.remove(page)
                guard state.bits(window, page).pointee == SIMD4() else { continue }
                state.windows[window].backed.remove(page)
                state.windows[window].loose.remove(page)
                state.spare -= blocksPerPage
                claim(&state, window, page)
                return (window, page)
            }
        }
        return nil
    }
}

/// A set of a window's pages.
private struct PageSet: Sequence, IteratorProtocol {
    private var words = SIMD4<UInt64>()

    mutating func insert(_ page: Int) { words[page / 64] |= 1 << UInt64(page % 64) }
    mutating func remove(_ page: Int) { words[page / 64] &= ~(1 << UInt64(page % 64)) }

    func union(_ other: PageSet) -> PageSet { with { $0.words = words | other.words } }
    func subtracting(_ other: PageSet) -> PageSet { with { $0.words = words & ~other.words } }
    var inverted: PageSet { with { $0.words = ~words } }

    private func with(_ change: (inout PageSet) -> Void) -> PageSet {
        var other = self
        change(&other)
        return other
    }

    var first: Int? {
        for word in 0..<4 where words[word] != 0 { return word * 64 + words[word].trailingZeroBitCount }
        return nil
    }

    var last: Int? {
        for word in (0..<4).reversed() where words[word] != 0 {
            return word * 64 + 63 - words[word].leadingZeroBitCount
        }
        return nil
    }

    mutating func next() -> Int? {
        guard let first else { return nil }
        remove(first)
        return first
    }
}
