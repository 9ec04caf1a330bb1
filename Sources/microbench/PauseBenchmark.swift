import Denylist

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How long a single insert takes at worst while a table grows.
///
/// The same keys are inserted in the same order under the same hash key, again and again, so that every insert finds the
/// same table each time and moves the same entries. What counts is each insert's shortest time: a pause that the table
/// makes is in all of them, one that the machine makes is not.
struct PauseBenchmark {
    private static let now = ClockReading(wall: 1_700_000_000_000, guarded: 1_700_000_000_000)

    let entries: Int
    let runs: Int
    var configuration: Denylist.Configuration

    init(entries: Int, runs: Int, configuration: Denylist.Configuration) {
        self.entries = entries
        self.runs = runs
        self.configuration = configuration
        self.configuration.hashKey = (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
    }

    func run() {
        print("\ngrowing to \(entries) entries \(runs) times; nanoseconds on the wall for each single insert")
        let least = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: entries)
        defer { least.deallocate() }
        least.initialize(repeating: .max)
        for run in 1...runs {
            let longest = grow(least)
            print("  run \(run): longest insert \(decimal(Double(longest) / 1000)) µs")
        }
        var longest = 0
        for index in least.indices where least[index] > least[longest] { longest = index }
        print("  each insert's shortest time: longest \(decimal(Double(least[longest]) / 1000)) µs,", terminator: " ")
        print("insert \(longest);", terminator: " ")
        for limit in [100, 200, 500, 1000] {
            print("\(least.count { $0 > limit * 1000 }) over \(limit) µs", terminator: limit < 1000 ? ", " : "\n")
        }
    }

    /// - Returns: the longest insert of this run, in nanoseconds.
    private func grow(_ least: UnsafeMutableBufferPointer<UInt32>) -> UInt64 {
        let denylist = Denylist(configuration)
        let keys = Keys(count: 1)
        let value = Array("logout".utf8)
        var longest: UInt64 = 0
        for number in 0..<entries {
            keys.make(number, at: 0)
            let key = keys[0].bytes
            let start = Self.nanoseconds()
            let hash = denylist.hash(of: key)
            denylist.update(key, hash: hash, at: Self.now) {
                $0.store(value.span.bytes, expiry: Self.now.wall + 3_600_000)
            }
            let took = Self.nanoseconds() - start
            longest = max(longest, took)
            least[number] = min(least[number], UInt32(clamping: took))
            // As a daemon's housekeeping would meanwhile.
            if number % 1_600 == 0 { denylist.reclaim(slots: 10, at: Self.now) }
        }
        return longest
    }

    /// Cheap to read, unlike the thread's processor time.
    private static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
