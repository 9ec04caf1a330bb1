import TestSupport
import Testing

@testable import Denylist

@Suite struct BlockPoolTests {
    private func withPool(hugePages: Bool = true, _ body: (BlockPool) -> Void) {
        let pool = BlockPool(hugePages: hugePages)
        body(pool)
        pool.deallocate()
    }

    private func take(_ count: Int, from pool: BlockPool) -> [UInt32] {
        var numbers = [UInt32](repeating: .max, count: count)
        numbers.withUnsafeMutableBufferPointer { pool.allocate(into: $0) }
        return numbers
    }

    private func giveBack(_ numbers: [UInt32], to pool: BlockPool) {
        var numbers = numbers
        numbers.withUnsafeMutableBufferPointer { pool.free($0) }
    }

    @Test func theLowestFreeBlocksGoFirst() {
        withPool { pool in
            #expect(take(600, from: pool) == Array(0..<600))
            giveBack([5, 300, 64, 599], to: pool)
            #expect(take(5, from: pool) == [5, 64, 300, 599, 600])
        }
    }

    @Test func theBlocksTakenTogetherAreOfOneWindow() {
        withPool { pool in
            var all = take(BlockPool.blocksPerWindow - 3, from: pool)
            let next = take(8, from: pool)
            #expect(Set(next.map { $0 >> 16 }) == [1])
            all += take(3, from: pool)
            #expect(all.allSatisfy { $0 >> 16 == 0 })
            #expect(Set(all).count == BlockPool.blocksPerWindow)
            giveBack(all, to: pool)
            #expect(take(1, from: pool) == [0])
        }
    }

    /// Blocks taken at random, while pages are prepared and returned, belong to one owner.
    @Test(arguments: [false, true]) func noBlockIsGivenOutTwice(_ hugePages: Bool) {
        withPool(hugePages: hugePages) { pool in
            var generator = SeededGenerator(seed: 41)
            var held: [[UInt32]] = []
            var owners: [UInt32: UInt64] = [:]
            for round in UInt64(1)...6_000 {
                // It grows, and shrinks again.
                let grows = Int.random(in: 0..<100, using: &generator) < (round / 1_500 % 2 == 0 ? 70 : 30)
                if grows || held.isEmpty {
                    let numbers = take(Int.random(in: 1...16, using: &generator), from: pool)
                    for number in numbers {
                        #expect(owners[number] == nil)
                        owners[number] = round
                        pool.address(number).storeBytes(of: round, as: UInt64.self)
                        pool.address(number).storeBytes(
                            of: round, toByteOffset: BlockPool.blockSize - 8, as: UInt64.self)
                    }
                    held.append(numbers)
                } else {
                    let numbers = held.remove(at: Int.random(in: 0..<held.count, using: &generator))
                    for number in numbers {
                        let address = pool.address(number)
                        #expect(address.load(as: UInt64.self) == owners[number])
                        #expect(
                            address.load(fromByteOffset: BlockPool.blockSize - 8, as: UInt64.self) == owners[number])
                        owners[number] = nil
                    }
                    giveBack(numbers, to: pool)
                }
                if round % 10 == 0 {
                    pool.prepare()
                    pool.trim(2)
                }
                #expect(pool.backedBytes >= owners.count * BlockPool.blockSize)
            }
            for (number, round) in owners { #expect(pool.address(number).load(as: UInt64.self) == round) }
        }
    }

    @Test func whatIsLikelyToBeTakenIsPrepared() {
        withPool { pool in
            pool.prepare()
            #expect(pool.backedBytes == 0)
            _ = take(1_000, from: pool)
            pool.prepare()
            // Twice what was taken since.
            #expect(pool.backedBytes >= 3_000 * BlockPool.blockSize)
            #expect(pool.backedBytes <= 3_512 * BlockPool.blockSize)
            pool.prepare()
            pool.trim(.max)
            #expect(pool.backedBytes <= 1_512 * BlockPool.blockSize)
            // A table that is emptied while it grows keeps nothing for its growth.
            let more = take(4_000, from: pool)
            pool.prepare()
            giveBack(Array(0..<1_000) + more, to: pool)
            pool.prepare()
            pool.trim(.max)
            #expect(pool.backedBytes <= 512 * BlockPool.blockSize)
        }
    }

    /// A table that has lost a part of its entries has holes everywhere: its segments shrink into the lowest of them,
    /// and the pages above go back.
    @Test(arguments: [false, true]) func aTableThatShrinksGivesItsPagesBack(_ hugePages: Bool) {
        var configuration = Denylist.Configuration()
        configuration.hugePages = hugePages
        configuration.hashKey = (1, 2)
        let denylist = Denylist(configuration)
        let pool = denylist.table.state.pointee.pool
        var generator = SeededGenerator(seed: 42)
        let keys = (0..<300_000).map { Array("session:\($0):\(UInt64.random(in: 0...(.max), using: &generator))".utf8) }
        let value = Array("logged out by the user".utf8)
        for (number, key) in keys.enumerated() {
            denylist.set(key, value)
            if number % 10_000 == 0 { denylist.reclaim(slots: 4_096, at: .start) }
        }
        let before = pool.backedBytes
        for (number, key) in keys.enumerated() where number % 5 < 2 { denylist.remove(key) }
        // As a daemon's housekeeping does, for 60 seconds.
        for _ in 0..<600 { denylist.reclaim(slots: 4_096, at: .start) }
        #expect(before > 27 << 20)
        #expect(pool.backedBytes <= denylist.statistics.bytes * 17 / 16 + 5 << 20)
        for (number, key) in keys.enumerated() { #expect(denylist.has(key) == (number % 5 >= 2)) }
    }
}
