#if os(Linux)
    import CLinux
    import CProcessor
    import Glibc

    /// What a piece of work cost.
    struct Cost {
        /// Processor time of this thread, in nanoseconds: on a shared machine the clock on the wall says little.
        var time: Double
        /// Nil where the system counts none.
        var instructions: Double?

        static func - (one: Cost, other: Cost) -> Cost {
            let instructions = one.instructions.flatMap { one in other.instructions.map { one - $0 } }
            return Cost(time: one.time - other.time, instructions: instructions)
        }

        /// The cost of each of `count` operations: the least of three runs.
        static func measure(count: Int, runs: Int = 3, _ body: () -> Void) -> Cost {
            (0..<runs).map { _ in
                let (time, instructions) = (nanoseconds(), instructionsSoFar())
                body()
                return Cost(
                    time: Double(nanoseconds() - time) / Double(count),
                    instructions: instructions.flatMap { start in
                        instructionsSoFar().map { Double($0 - start) / Double(count) }
                    })
            }.min { $0.time < $1.time }!
        }
    }

    extension Cost {
        /// The processor time of this thread.
        static func nanoseconds() -> UInt64 { UInt64(clinux_thread_time()) }

        private static let instructionCounter = processor_open_instruction_counter()

        /// Nil where the system counts none.
        static func instructionsSoFar() -> UInt64? {
            var count: UInt64 = 0
            return read(instructionCounter, &count, 8) == 8 ? count : nil
        }

        /// The memory of this process that is resident, in bytes.
        static func residentBytes() -> Int {
            guard let file = fopen("/proc/self/statm", "r") else { return 0 }
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 128)
            guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            return (Int(text.split(separator: " ")[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
        }

        /// A read whose address depends on the one before, in random order over this much memory.
        static func dependentRandomRead(over bytes: Int) -> Cost {
            let wordsPerLine = 8
            let count = bytes / (wordsPerLine * 8)
            let lines = UnsafeMutablePointer<UInt64>.allocate(capacity: count * wordsPerLine)
            defer { lines.deallocate() }
            for index in 0..<count { lines[index * wordsPerLine] = UInt64(index) }
            // One cycle through all lines (Sattolo's shuffle).
            var generator = UInt64(88_172_645_463_325_252)
            for index in (1..<count).reversed() {
                generator ^= generator << 13
                generator ^= generator >> 7
                generator ^= generator << 17
                let other = Int(generator % UInt64(index))
                (lines[index * wordsPerLine], lines[other * wordsPerLine]) =
                    (lines[other * wordsPerLine], lines[index * wordsPerLine])
            }
            var place: UInt64 = 0
            let cost = Cost.measure(count: 2_000_000) {
                for _ in 0..<2_000_000 { place = lines[Int(place) * wordsPerLine] }
            }
            consume(place)
            return cost
        }

        /// Keeps the compiler from dropping what computed the value.
        @inline(never)
        static func consume(_ value: UInt64) { if value == 0x1234_5678_9ABC_DEF0 { print(value) } }

        static func decimal(_ value: Double, digits: Int = 1) -> String {
            let scale = digits == 1 ? 10 : 100
            let number = Int((value * Double(scale)).rounded())
            let fraction = String(number.magnitude % UInt(scale))
            return "\(number / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
        }
    }
#endif
