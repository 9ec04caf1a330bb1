/// The memory of segments' headers, each with a number.
struct HeaderPool {
    private struct State {
        var fresh: UInt32 = 0
        /// The first returned header's number + 1; each holds the next.
        var free: UInt32 = 0
    }

    private let region: Region
    private let lock: ShardLock
    private let state: UnsafeMutablePointer<State>

    init() {
        region = Region(reserving: (1 << Int(Table.maximumDirectoryBits)) * 2 * Segment.size)
        lock = .allocate()
        state = .allocate(capacity: 1)
        state.initialize(to: State())
    }

    func deallocate() {
        region.unmap()
        lock.deallocate()
        state.deallocate()
    }

    @inline(__always)
    func address(_ number: UInt32) -> UnsafeMutableRawPointer { region.base + Int(number) &* Segment.size }

    func allocate() -> UInt32 {
        lock.lock()
        defer { lock.unlock() }
        if state.pointee.free > 0 {
            let number = state.pointee.free - 1
            state.pointee.free = address(number).load(as: UInt32.self)
            return number
        }
        precondition((Int(state.pointee.fresh) + 1) * Segment.size <= region.size, "too many keys")
        state.pointee.fresh += 1
        return state.pointee.fresh - 1
    }

    func free(_ number: UInt32) {
        lock.lock()
        defer { lock.unlock() }
        address(number).storeBytes(of: state.pointee.free, as: UInt32.self)
        state.pointee.free = number + 1
    }
}
