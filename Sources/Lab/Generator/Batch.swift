/// Batches of requests, encoded ahead; only the UUIDs are written anew each time.
///
/// All connections share them: a batch, or a part of one, is wholly sent before the next is written.
struct Batch: Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var keys: [RequestTemplate.Key] = []
    /// What the server must answer, byte for byte.
    private(set) var replies: [UInt8] = []
    /// Of each request, its place in the plan's mix.
    private(set) var operations: [Int] = []
    /// Where each request begins in ``bytes``, in ``keys`` and in ``replies``; then where the last one ends.
    private(set) var byteOffsets = [0]
    private(set) var keyOffsets = [0]
    private(set) var replyOffsets = [0]

    /// As many batches as it takes to have the mix in its exact proportion, in random order.
    static func all(of plan: LoadPlan) -> [Batch] {
        let count = Self.count(plan)
        var random = Random(seed: 1)
        var order = (0..<count * plan.inFlight).map { slot in
            var share = slot * 100 / (count * plan.inFlight)
            return plan.mix.firstIndex { entry in
                share -= entry.percent
                return share < 0
            }!
        }
        for slot in order.indices.dropFirst() { order.swapAt(slot, Int(random.next(below: UInt64(slot + 1)))) }
        return (0..<count).map { batch in
            Batch(order[batch * plan.inFlight..<(batch + 1) * plan.inFlight], of: plan)
        }
    }

    private static func count(_ plan: LoadPlan) -> Int {
        guard plan.mix.count > 1 else { return 1 }
        // Twenty batches hold 5 % of one request exactly, a hundred any share.
        return plan.mix.allSatisfy { $0.percent * 20 * plan.inFlight % 100 == 0 } ? 20 : 100
    }

    private init(_ slots: ArraySlice<Int>, of plan: LoadPlan) {
        for operation in slots {
            let template = plan.mix[operation].template
            keys += template.keys.map { RequestTemplate.Key(offset: bytes.count + $0.offset, isLive: $0.isLive) }
            bytes += template.bytes
            replies += template.reply
            operations.append(operation)
            byteOffsets.append(bytes.count)
            keyOffsets.append(keys.count)
            replyOffsets.append(replies.count)
        }
    }

    @inline(__always)
    mutating func write(_ uuid: (UInt64, UInt64), at offset: Int) {
        var span = bytes.mutableSpan
        var raw = span.mutableBytes
        KeySpace.write(uuid, into: &raw, at: offset)
    }
}
