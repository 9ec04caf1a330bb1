/// One run of the load generator.
///
/// In a closed loop, every connection sends a batch of requests and waits for all replies before the next. In an open
/// loop, requests are due at a fixed rate, whatever the server does. They are sent as soon as a connection is free, and
/// their latency counts from when they were due.
struct LoadPlan: Sendable {
    /// Which of the stored keys a request asks for.
    enum Keys: Sendable {
        /// Any of the first so many.
        case random(below: Int)
        /// Each of these once, in order; the run ends with the last.
        case each(Range<Int>)
    }

    enum Pace: Sendable {
        case closedLoop
        /// For runs that end after a time or a number of requests.
        case openLoop(requestsPerSecond: Double)
    }

    enum End: Sendable {
        case after(Duration)
        case requests(Int)
        /// With the last of ``Keys/each(_:)``.
        case withKeys
    }

    /// Where the latencies of each second go while the run is under way.
    struct Recording: Sendable {
        /// What a run takes at most beyond a whole second without being given one more: the last replies come after
        /// its time is up.
        static let rest: Duration = .milliseconds(100)

        var recorder: LoadRecorder
        /// The second of the recorder's time line in which counting begins.
        var firstSecond = 0
    }

    /// Requests and the share of each; 100 in all.
    var mix: [(template: RequestTemplate, percent: Int)]
    var pace = Pace.closedLoop
    var connections = 50
    /// Requests that a connection sends at once; in an open loop at most so many.
    var inFlight = 1
    var keys: Keys
    var keySpace = KeySpace()
    var end: End
    /// What is not counted before.
    var warmUp: Duration = .zero
    /// The server's process, to read its processor time at the borders of what is counted; nil if it is not known.
    var server: Int32?
    /// Whether to look for the longest batch, by the clock and by the processor time of the thread that serves. For one
    /// connection: then each batch has the server for itself.
    var observesPauses = false
    var recording: Recording?
    /// Ends the run early, and is ended by one of its threads that fails.
    var stop = StopFlag()
}

extension LoadPlan {
    /// The same run on several threads: connections, rate, number and keys are shared out.
    func split(into threads: Int) -> [LoadPlan] {
        precondition(threads <= connections, "every thread has a connection")
        return (0..<threads).map { thread in
            func share(_ whole: Int) -> Int { whole * (thread + 1) / threads - whole * thread / threads }
            var plan = self
            plan.connections = share(connections)
            if case .openLoop(let rate) = pace { plan.pace = .openLoop(requestsPerSecond: rate / Double(threads)) }
            if case .requests(let requests) = end { plan.end = .requests(share(requests)) }
            if case .each(let range) = keys {
                let start = range.lowerBound + range.count * thread / threads
                plan.keys = .each(start..<start + share(range.count))
            }
            return plan
        }
    }
}

extension Duration {
    /// The whole of it in nanoseconds, for arithmetic on clocks.
    var inNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}
