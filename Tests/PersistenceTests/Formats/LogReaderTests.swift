import Denylist
import Testing

@testable import Persistence

struct LogReaderTests {
    @Test func readsBackWhatItWrote() throws {
        var log = TestLog()
        log.append { bytes in
            bytes.appendSet("a", "1", expiry: 1_700_000_000_001)
            bytes.appendSet("b", "two")
            bytes.appendSet("c", "", expiry: 9)
            RecordEncoding.appendRemove(Array("b".utf8).span.bytes, to: &bytes)
        }
        log.append { _ in }
        log.append {
            RecordEncoding.appendGroupStart(to: &$0)
            $0.appendSet("d", "x")
            RecordEncoding.appendGroupEnd(to: &$0)
        }
        let (end, sink) = try log.read()
        #expect(
            sink.entries == [
                "a": .init(value: "1", expiry: 1_700_000_000_001), "c": .init(value: "", expiry: 9),
                "d": .init(value: "x", expiry: Expiry.never),
            ])
        // 205 of its bytes are records; the rest are seals.
        #expect(
            end
                == .init(
                    counts: .init(records: 5), offset: log.bytes.count, chain: log.chain, recordBytes: 205,
                    sealedBytes: 205))
        log.append { RecordEncoding.appendRemoveAll(to: &$0) }
        #expect(try log.read().sink.entries.isEmpty)
    }

    @Test func goesOnWithAFileOfItsOwn() throws {
        var log = TestLog()
        log.appendRevocations(0..<3)
        // A real redis-server appended to it: no line covers that.
        log.bytes.append(request: "SET", "x", "1")
        let (end, _) = try log.read()
        #expect(end.torn == nil)
        log.chain = try #require(end.chain)
        log.appendRevocations(3..<5)
        #expect(try log.read().sink.entries.count == 6)
        #expect(try log.read().end.chain == log.chain)
    }

    @Test func aCleanEndIsCleanOnlyAsTheLastThing() throws {
        var log = TestLog()
        log.appendRevocations(0..<3)
        #expect(try !log.read().end.isClean)
        log.append(.stop) { $0.appendSet("a", "1") }
        #expect(try log.read().end.isClean)
        var appended = log
        appended.bytes.append(request: "SET", "x", "1")
        #expect(try !appended.read().end.isClean)
        appended = log
        appended.append { _ in }
        #expect(try !appended.read().end.isClean)
    }

    /// Whatever is missing at the end: the records before are kept, and no byte of a half one.
    @Test func aFileCutAnywhereGivesAPrefix() throws {
        var log = TestLog()
        var states: [(end: Int, entries: Int)] = [(0, 0)]
        for batch in 0..<40 {
            let start = log.bytes.count
            log.append { bytes in
                for number in 0..<5 {
                    bytes.appendSet("revoked:jti:\(batch)-\(number)", "logout", expiry: 1_800_000_000_000)
                    states.append((start + bytes.count, states.count))
                }
            }
        }
        for count in 0..<log.bytes.count {
            let part = Array(log.bytes[..<count])
            let (end, sink) = try part.readLog()
            let expected = states.last { $0.end <= count }!
            #expect(sink.entries.count == expected.entries)
            #expect(end.offset <= count && (end.torn == nil) == (end.offset == count))
            #expect(end.torn == nil || end.torn?.offset == end.offset)
            guard let chain = end.chain else {
                #expect(end.offset == 0)
                continue
            }
            var goingOn = TestLog()
            goingOn.bytes = Array(part[..<end.offset])
            goingOn.chain = chain
            goingOn.append { $0.appendSet("more", "1") }
            #expect(try goingOn.read().sink.entries.count == expected.entries + 1)
        }
    }

    /// A wrong bit is found, or it changes nothing that anybody was told.
    @Test func aFlippedBitIsNeverBelieved() throws {
        var log = TestLog()
        for batch in 0..<40 { log.appendRevocations((batch * 5)..<(batch * 5 + 5)) }
        let whole = try log.read().sink
        for index in log.bytes.indices {
            // Every bit of the first line and of the last two batches, one of every other byte.
            let isEveryBit = index < SealLine.headLength || index > log.bytes.count - 1000
            for bit in isEveryBit ? 0..<8 : (index % 8)..<(index % 8 + 1) {
                var bytes = log.bytes
                bytes[index] ^= 1 << UInt8(bit)
                do {
                    let (end, sink) = try bytes.readLog()
                    #expect(sink == whole, "bit \(bit) of byte \(index)")
                    // At most the last line is cut, which nothing relies on.
                    #expect(end.offset >= log.bytes.count - SealLine.length)
                } catch {
                    #expect(error.offset <= index && error.code == .damaged)
                    #expect(index - error.offset <= 600)
                }
            }
        }
    }

    /// Bytes that a power loss left out are zeros to the end of a sector. What was not on disk yet is cut, what was
    /// stops the start.
    @Test func aGapIsATornWriteUnlessItWasOnDisk() throws {
        var log = TestLog()
        log.appendRevocations(0..<20)
        let synced = log.bytes.count
        log.appendRevocations(20..<40, synced: synced)
        log.appendRevocations(40..<60, synced: synced)
        for sector in (synced / 512)...(log.bytes.count / 512) {
            let hole = max(synced, sector * 512)..<min(log.bytes.count, (sector + 1) * 512)
            var torn = log
            for index in hole { torn.bytes[index] = 0 }
            let (end, sink) = try torn.read()
            #expect(end.torn != nil)
            #expect((20...59).contains(sink.entries.count))
            var acknowledged = torn
            acknowledged.chain = log.chain
            acknowledged.appendRevocations(60..<61, synced: log.bytes.count)
            #expect(throws: FormatError.self) { try acknowledged.read() }
        }
    }

    @Test func aTornTailIsCutEvenIfItIsGarbage() throws {
        var log = TestLog()
        log.appendRevocations(0..<3)
        let end = log.bytes.count
        log.bytes += [UInt8](repeating: 0, count: 3000)
        #expect(try log.read().end.offset == end)
        log.bytes.replaceSubrange(end..., with: "*3\r\n$3\r\nSET\r\n$9999\r\n".utf8)
        #expect(try log.read().end.torn?.offset == end)
    }

    @Test func anUnfinishedGroupIsCutAsAWhole() throws {
        var log = TestLog()
        log.appendRevocations(0..<3)
        let end = log.bytes.count
        log.bytes.append(request: "MULTI")
        log.bytes.append(request: "SET", "a", "1")
        #expect(try log.read().end.offset == end)
        #expect(try log.read().sink.entries.count == 3)
        log.bytes.append(request: "EXEC")
        #expect(try log.read().sink.entries.count == 4)
    }
}
