import Dispatch

#if os(Linux)
    import CLinux
#endif

/// A thread that executes what many clients have sent gathers their records: were the writer woken by the first, it
/// would make that durable alone, and all others would wait for the disk a second time.
extension AppendLog {
    #if os(Linux)
        private static let gathers: UInt8 = 1
        private static let owesRing: UInt8 = 2
    #endif

    /// What this thread appends until ``endGathering()`` does not wake the writer before that.
    package func beginGathering() {
        #if os(Linux)
            clinux_thread_byte()!.pointee = Self.gathers
        #endif
    }

    package func endGathering() {
        #if os(Linux)
            let mark = clinux_thread_byte()!
            let owes = mark.pointee & Self.owesRing != 0
            mark.pointee = 0
            if owes { doorbell.signal() }
        #endif
    }

    /// Wakes the writer, or has this thread do so when it has gathered.
    func ring() {
        #if os(Linux)
            let mark = clinux_thread_byte()!
            guard mark.pointee & Self.gathers == 0 else {
                mark.pointee |= Self.owesRing
                return
            }
        #endif
        doorbell.signal()
    }
}
