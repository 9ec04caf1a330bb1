import TestSupport
import Testing

@testable import RevokedServer

@Suite struct ReplyQueueTests {
    /// What may leave, taken out.
    private static func take(_ queue: inout ReplyQueue, _ most: Int = .max) -> String {
        let count = min(most, queue.readyCount)
        let text = queue.withReady { String(decoding: $0.prefix(count), as: UTF8.self) }
        queue.consume(count)
        return text
    }

    private static func append(_ text: String, _ holds: [(Range<Int>, Int, UInt64)], to queue: inout ReplyQueue) {
        Array(text.utf8).withUnsafeBytes { bytes in
            queue.append(
                bytes,
                holds: holds.map {
                    .init(start: $0.0.lowerBound, end: $0.0.upperBound, replies: $0.1, position: $0.2)
                })
        }
    }

    @Test func whatFollowsAHeldReplyWaitsWithIt() {
        var queue = ReplyQueue()
        Self.append(":1\r\n+OK\r\n:0\r\n", [(4..<9, 1, 10)], to: &queue)
        #expect(Self.take(&queue) == ":1\r\n")
        queue.release(9)
        #expect(Self.take(&queue) == "")
        Self.append("+PONG\r\n", [], to: &queue)
        #expect(queue.count == 16 && queue.readyCount == 0)
        queue.release(10)
        #expect(Self.take(&queue) == "+OK\r\n:0\r\n+PONG\r\n")
        #expect(queue.count == 0 && queue.holdCount == 0)
    }

    @Test func eachHoldWaitsForItsOwnPosition() {
        var queue = ReplyQueue()
        Self.append("+a\r\n", [(0..<4, 1, 10)], to: &queue)
        Self.append(":1\r\n+b\r\n", [(4..<8, 1, 20)], to: &queue)
        queue.release(15)
        #expect(Self.take(&queue, 2) == "+a")
        #expect(Self.take(&queue) == "\r\n:1\r\n")
        queue.release(20)
        #expect(Self.take(&queue) == "+b\r\n")
    }

    /// One error for each reply that waited, whatever it was; the others stay as they are.
    @Test func aFailedLogTurnsHeldRepliesIntoErrors() {
        var queue = ReplyQueue()
        Self.append(":1\r\n+OK\r\n+OK\r\n:0\r\n$3\r\nold\r\n", [(4..<14, 2, 10), (18..<27, 1, 20)], to: &queue)
        queue.release(0, refusal: "MISCONF no")
        #expect(Self.take(&queue) == ":1\r\n-MISCONF no\r\n-MISCONF no\r\n:0\r\n-MISCONF no\r\n")
    }

    @Test func whatWasOnDiskBeforeTheFailureIsAcknowledged() {
        var queue = ReplyQueue()
        Self.append("+OK\r\n", [(0..<5, 1, 10)], to: &queue)
        Self.append("+OK\r\n", [(0..<5, 1, 20)], to: &queue)
        queue.release(10, refusal: "MISCONF no")
        #expect(Self.take(&queue) == "+OK\r\n-MISCONF no\r\n")
    }

    /// A transaction's reply, of which two elements wait for other threads: an error takes the place of its element.
    @Test func anElementIsReplacedAlone() {
        let (first, second) = (DeferredReply(), DeferredReply())
        var queue = ReplyQueue()
        Self.append(":7\r\n", [], to: &queue)
        let bytes = Array("-x\r\n*3\r\n+OK\r\n:1\r\n+OK\r\n:8\r\n".utf8)
        bytes.withUnsafeBytes {
            queue.append(
                $0,
                holds: [
                    .init(
                        start: 4, end: 22, replies: 1, position: 10,
                        parts: [.init(outcome: first, place: 4..<9), .init(outcome: second, place: 13..<18)])
                ])
        }
        #expect(Self.take(&queue) == ":7\r\n-x\r\n")
        second.complete("ERR no")
        #expect(queue.release(10) == .init())
        #expect(Self.take(&queue) == "")
        first.complete(nil)
        #expect(queue.release(9) == .init() && queue.readyCount == 0)
        #expect(queue.release(10) == .init(ofOthers: 1))
        #expect(Self.take(&queue) == "*3\r\n+OK\r\n:1\r\n-ERR no\r\n:8\r\n")
    }

    /// Nothing of a transaction is acknowledged that a failed log did not take, whatever other threads have done.
    @Test func aFailedLogReplacesTheWholeTransaction() {
        let part = DeferredReply()
        part.complete("ERR no")
        var queue = ReplyQueue()
        Array("*2\r\n+OK\r\n+OK\r\n:8\r\n".utf8).withUnsafeBytes {
            queue.append(
                $0,
                holds: [
                    .init(start: 0, end: 14, replies: 1, position: 10, parts: [.init(outcome: part, place: 9..<14)])
                ])
        }
        #expect(queue.release(9, refusal: "MISCONF full") == .init(ofLog: 1))
        #expect(Self.take(&queue) == "-MISCONF full\r\n:8\r\n")
    }

    /// Random appends, releases and reads in small pieces give what a plain list of replies gives.
    @Test(arguments: 0..<50) func agreesWithAList(seed: UInt64) {
        var generator = SeededGenerator(seed: seed &* 0x9E37_79B9_7F4A_7C15 | 1)
        var queue = ReplyQueue()
        var waiting: [(text: String, position: UInt64)] = []
        var expected = ""
        var seen = ""
        var position: UInt64 = 0
        var acknowledged: UInt64 = 0
        for _ in 0..<400 {
            switch generator.next() % 4 {
            case 0, 1:
                position += 1
                let isHeld = generator.next() % 2 == 0
                let text = "+\(position)\r\n"
                Self.append(text, isHeld ? [(0..<text.utf8.count, 1, position)] : [], to: &queue)
                waiting.append((text, isHeld ? position : 0))
            case 2:
                acknowledged = min(position, acknowledged + generator.next() % 4)
                queue.release(acknowledged)
            default: seen += Self.take(&queue, Int(generator.next() % 16))
            }
            while let first = waiting.first, first.position <= acknowledged {
                expected += first.text
                waiting.removeFirst()
            }
        }
        queue.release(.max)
        seen += Self.take(&queue)
        #expect(seen == expected + waiting.map(\.text).joined())
    }
}
