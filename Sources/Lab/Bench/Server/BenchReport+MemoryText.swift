import Foundation

extension BenchReport {
    /// One row for each figure, one column for each server.
    var memoryTable: String {
        var table = TextTable(["memory, growth and expiry"] + memory.map(\.server.rawValue))
        func add(_ title: String, _ value: (MemoryFigures) -> String?) {
            table.add([title] + memory.map { value($0) ?? "" })
        }
        add("resident, empty, MB") { Self.short(Double($0.empty) / 1e6) }
        add("resident per idle connection (\(memory[0].idleConnections)), bytes") {
            Self.short($0.bytesPerIdleConnection)
        }
        for (index, size) in memory[0].sizes.enumerated() {
            add("resident per entry at \(size.entries), bytes") { Self.short($0.sizes[index].bytesPerEntry) }
            add("used_memory per entry at \(size.entries), bytes") {
                Self.short(Double($0.sizes[index].usedMemory) / Double(size.entries))
            }
            add("CPU µs per insert up to \(size.entries)") { Self.short($0.sizes[index].serverTimePerInsert) }
        }
        if let growth = memory[0].growth {
            let batch = "longest of all batches of \(growth.batchSize) inserts while growing"
            add("\(batch), ms") { $0.growth.map { Self.short($0.longest / 1000) } }
            add("\(batch), ms of the serving thread") { $0.growth.map { Self.short($0.longestServerTime / 1000) } }
        }
        for (index, expiry) in memory[0].expiries.enumerated() {
            func add(_ title: String, _ value: (MemoryFigures.Expiry) -> String?) {
                table.add([title] + memory.map { value($0.expiries[index]) ?? "" })
            }
            add("\(expiry.entries) \(expiry.keys.rawValue) expire together: reusable after, s") {
                $0.secondsUntilReusable.map(Self.short) ?? "not within the time"
            }
            if expiry.secondsReserved > 0 {
                add("… after the end of the reserve of \(expiry.secondsReserved) s, s") { figures in
                    figures.secondsUntilReusable.map { Self.short($0 - Double(figures.secondsReserved)) }
                }
            }
            add("used_memory before and after, MB") {
                "\(Self.short(Double($0.usedMemoryBefore) / 1e6)) → \(Self.short(Double($0.usedMemoryAfter) / 1e6))"
            }
            add("p99 of EXISTS before, µs") { Self.short($0.idleP99) }
            add("p99 of EXISTS meanwhile, median second, µs") { $0.p99.map(Self.short) }
            add("p99 of EXISTS meanwhile, worst second, µs") { $0.worstP99.map(Self.short) }
        }
        return table.text
    }
}
