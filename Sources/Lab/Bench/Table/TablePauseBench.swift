#if os(Linux)
    import CLinux
    import Denylist

    /// How long a single insert takes at worst while a table grows.
    ///
    /// Each run inserts the same keys in the same order under the same hash key, so every insert moves the same
    /// entries. What counts is each insert's shortest time: a pause of the table is in every run, a pause of the
    /// machine is not.
    struct TablePauseBench {
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
                print("  run \(run): longest insert \(Cost.decimal(Double(longest) / 1000)) µs")
            }
            var longest = 0
            for index in least.indices where least[index] > least[longest] { longest = index }
            print(
                "  each insert's shortest time: longest \(Cost.decimal(Double(least[longest]) / 1000)) µs,",
                terminator: " "
            )
            print("insert \(longest);", terminator: " ")
            for limit in [100, 200, 500, 1000] {
                print("\(least.count { $0 > limit * 1000 }) over \(limit) µs", terminator: limit < 1000 ? ", " : "\n")
            }
        }

        /// - Returns: the longest insert of this run, in nanoseconds.
        private func grow(_ least: UnsafeMutableBufferPointer<UInt32>) -> Int64 {
            let denylist = Denylist(configuration)
            let keys = TableKeys(count: 1)
            let value = Array("logout".utf8)
            var longest: Int64 = 0
            for number in 0..<entries {
                keys.make(number, at: 0)
                let key = keys[0].bytes
                let start = clinux_time()
                let hash = denylist.hash(of: key)
                denylist.update(key, hash: hash, at: Self.now) {
                    $0.store(value.span.bytes, expiry: Self.now.wall + 3_600_000)
                }
                let took = clinux_time() - start
                longest = max(longest, took)
                least[number] = min(least[number], UInt32(clamping: took))
                // As a daemon's housekeeping would meanwhile.
                if number % 1_600 == 0 { denylist.reclaim(slots: 10, at: Self.now) }
            }
            return longest
        }
    }
#endif
