#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Reserved address space. The system adds memory to a page when it is first touched, so unused pages cost nothing.
/// Nothing in it ever moves, so a stale address within it is safe to read.
struct Region {
    static let pageSize = 4096
    static let hugePageSize = 2 << 20
    let base: UnsafeMutableRawPointer
    let size: Int

    /// Reserves `size` bytes, or the largest half, quarter … of it that the system allows.
    init(reserving size: Int) {
        var size = (size + Self.pageSize - 1) & ~(Self.pageSize - 1)
        #if os(Linux)
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        #else
            let flags = MAP_PRIVATE | MAP_ANON | MAP_NORESERVE
        #endif
        while true {
            let address = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0)
            if let address, address != MAP_FAILED {
                base = address
                self.size = size
                return
            }
            size = (size / 2) & ~(Self.pageSize - 1)
            precondition(size > 0, "the system gives no memory")
        }
    }

    func unmap() { munmap(base, size) }

    /// Returns the memory of some pages to the system; they read as zero afterwards.
    func release(offset: Int, count: Int) { advise(MADV_DONTNEED, offset, count) }

    /// The offset of the first whole huge page.
    var firstHugePage: Int { -Int(bitPattern: base) & (Self.hugePageSize - 1) }

    #if os(Linux)
        /// Sets whether the system uses huge pages for memory touched from now on.
        func useHugePages(_ uses: Bool, offset: Int, count: Int) {
            advise(uses ? MADV_HUGEPAGE : MADV_NOHUGEPAGE, offset, count)
        }

        /// Adds the memory before it is touched: MADV_POPULATE_WRITE (Linux 5.14).
        func populate(offset: Int, count: Int) { advise(23, offset, count) }

        /// Moves small pages into huge ones: MADV_COLLAPSE (Linux 6.1). Other threads that touch them meanwhile wait.
        func collapse(offset: Int, count: Int) { advise(25, offset, count) }
    #else
        func useHugePages(_ uses: Bool, offset: Int, count: Int) {}
        func populate(offset: Int, count: Int) {}
        func collapse(offset: Int, count: Int) {}
    #endif

    /// Advice that a system does not know changes nothing.
    private func advise(_ advice: Int32, _ offset: Int, _ count: Int) {
        assert(offset >= 0 && offset + count <= size)
        madvise(base + offset, count, advice)
    }

    /// Twice the memory of this machine, in bytes: more is of no use.
    static var useful: Int {
        let physical = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        return max(physical * 2, 1 << 30)
    }
}
