/// One run of the load generator: every connection sends a batch of requests, waits for all replies, and goes on.
struct LoadPlan: Sendable {
    /// Which of the stored keys a request asks for.
    enum Keys: Sendable {
        /// Any of the first so many.
        case random(below: Int)
        /// Each of these once, in order; the run ends with the last.
        case each(Range<Int>)
    }

    enum End: Sendable {
        case after(Duration)
        case requests(Int)
        /// With the last of ``Keys/each(_:)``.
        case withKeys
    }

    /// Requests and the share of each; 100 in all.
    var mix: [(template: RequestTemplate, percent: Int)]
    var connections = 50
    /// Requests that a connection sends at once.
    var inFlight = 1
    var keys: Keys
    var keySpace = KeySpace()
    var end: End
    /// What is not counted before.
    var warmUp: Duration = .zero
    /// The server's process, to read its processor time at the borders of what is counted.
    var server: Int32
    /// Whether to look for the longest batch, by the clock and by the processor time of the thread that serves. For one
    /// connection: then each batch has the server for itself.
    var observesPauses = false
}

/// Batches of requests, encoded ahead; only the UUIDs are written anew each time.
///
/// All connections share them: a batch is wholly sent before the next is written.
struct Batch: Sendable {
    var bytes: [UInt8] = []
    var keys: [RequestTemplate.Key] = []
    /// What the server must answer, byte for byte.
    var replies: [UInt8] = []
    /// Where in ``replies`` each of them ends.
    var replyEnds: [Int] = []

    /// As many batches as it takes to have the mix in its exact proportion, in random order.
    static func all(of plan: LoadPlan) -> [Batch] {
        // Twenty batches hold 5 % of one request exactly.
        let count = plan.mix.count == 1 ? 1 : 20
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
            Batch(order[batch * plan.inFlight..<(batch + 1) * plan.inFlight].map { plan.mix[$0].template })
        }
    }

    private init(_ templates: [RequestTemplate]) {
        for template in templates {
            keys += template.keys.map { RequestTemplate.Key(offset: bytes.count + $0.offset, isLive: $0.isLive) }
            bytes += template.bytes
            replies += template.reply
            replyEnds.append(replies.count)
        }
    }
}

extension Duration {
    /// The whole of it in nanoseconds, for arithmetic on clocks.
    var inNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
