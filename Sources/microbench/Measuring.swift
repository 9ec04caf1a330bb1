#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The processor time of this thread: on a machine that is shared, the clock on the wall says little.
func nanoseconds() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

func wallNanoseconds() -> UInt64 { read(CLOCK_MONOTONIC) }

private func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// The memory of this process that is resident, in bytes.
func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
    let fields = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).split(
        separator: " ")
    return (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
}

/// The time of a read whose address depends on the one before, in random order over this much memory, in nanoseconds.
func randomReads(bytes: Int) -> Double {
    let count = bytes / 64
    let lines = UnsafeMutablePointer<UInt64>.allocate(capacity: count * 8)
    defer { lines.deallocate() }
    for index in 0..<count { lines[index * 8] = UInt64(index) }
    // One cycle through all lines (Sattolo's shuffle).
    var generator = UInt64(88_172_645_463_325_252)
    for index in (1..<count).reversed() {
        generator ^= generator << 13
        generator ^= generator >> 7
        generator ^= generator << 17
        let other = Int(generator % UInt64(index))
        (lines[index * 8], lines[other * 8]) = (lines[other * 8], lines[index * 8])
    }
    var place: UInt64 = 0
    var best = Double.infinity
    for _ in 0..<3 {
        let before = nanoseconds()
        for _ in 0..<2_000_000 { place = lines[Int(place) * 8] }
        best = min(best, Double(nanoseconds() - before) / 2_000_000)
    }
    consume(place)
    return best
}

@inline(never)
func consume(_ value: UInt64) { if value == 0x1234_5678_9ABC_DEF0 { print(value) } }

func decimal(_ value: Double) -> String {
    let tenths = Int((value * 100).rounded())
    let fraction = tenths % 100
    return "\(tenths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
}
