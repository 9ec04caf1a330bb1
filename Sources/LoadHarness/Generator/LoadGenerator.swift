#if os(Linux)
    import CLinux
    import Foundation
    import Glibc
    import Histogram

    /// The load generator: one thread, epoll, a closed loop. Every reply is compared with what it must be, byte for byte.
    ///
    /// It does as little as possible for a request, so that it is not what is measured: requests are encoded ahead, only
    /// the UUIDs are written anew, and the clock is read twice for a batch.
    struct LoadGenerator: ~Copyable {
        private static let eventsAtOnce = 128
        private static let readSize = 1 << 16
        /// The longest that is waited for any reply, in milliseconds.
        private static let patience: Int32 = 20_000
        private static let longestLatency: UInt64 = 60_000_000_000

        private struct Connection {
            var descriptor: Int32
            var batch = 0
            /// Bytes and replies of the batch that have come.
            var received = 0
            var replies = 0
            var sentAt: Int64 = 0
        }

        private let plan: LoadPlan
        private let epoll: Int32
        private var connections: [Connection] = []
        private var batches: [Batch]
        private var random = Random(seed: UInt64.random(in: 0...UInt64.max))
        private var nextKey = 0
        private var busy = 0

        private var result: LoadResult
        private var isCounting = false
        private var hasEnded = false
        private var beganAt: Int64 = 0
        private var serverTimeAtStart: Int64 = 0
        private var ownTimeAtStart: Int64 = 0
        /// Only where pauses are observed.
        private var serverThread: BusiestThreadClock?
        private var threadTimeBefore: Int64 = 0

        /// Connects to a port of 127.0.0.1.
        init(_ plan: LoadPlan, port: Int) throws(LoadFailure) {
            self.plan = plan
            batches = Batch.all(of: plan)
            result = LoadResult(latency: Histogram(highestTrackableValue: Self.longestLatency))
            if case .each(let range) = plan.keys { nextKey = range.lowerBound }
            epoll = clinux_epoll_create()
            guard epoll >= 0 else { throw LoadFailure.system("epoll_create1") }
            if plan.observesPauses { serverThread = try BusiestThreadClock(process: plan.server) }
            for index in 0..<plan.connections {
                let descriptor = try LoopbackSocket.connect(port: port)
                connections.append(Connection(descriptor: descriptor))
                guard clinux_epoll_control(epoll, clinux_add, descriptor, UInt32(CLINUX_READABLE), UInt64(index)) == 0
                else { throw LoadFailure.system("epoll_ctl") }
            }
        }

        deinit {
            for connection in connections { close(connection.descriptor) }
            close(epoll)
        }

        /// Runs to the plan's end.
        /// - Throws: ``LoadFailure`` at the first reply that is not as it must be, and when the server does not answer.
        mutating func run() throws(LoadFailure) -> LoadResult {
            let events = UnsafeMutablePointer<clinux_event>.allocate(capacity: Self.eventsAtOnce)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.readSize, alignment: 64)
            defer {
                events.deallocate()
                buffer.deallocate()
            }
            let start = clinux_time()
            let countsFrom = start + plan.warmUp.inNanoseconds
            beganAt = start
            if plan.warmUp == .zero { startCounting(start) }
            for index in connections.indices where goesOn { try send(index) }
            while busy > 0 {
                let ready = clinux_epoll_wait(epoll, events, Int32(Self.eventsAtOnce), Self.patience)
                guard ready > 0 || ready < 0 && errno == EINTR else {
                    throw LoadFailure(message: "the server has not answered for \(Self.patience / 1000) s")
                }
                for event in 0..<Int(max(0, ready)) { try receive(Int(events[event].value), buffer, countsFrom) }
            }
            return result
        }

        private mutating func receive(
            _ index: Int, _ buffer: UnsafeMutableRawBufferPointer, _ countsFrom: Int64
        ) throws(LoadFailure) {
            let count = recv(connections[index].descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else {
                if count < 0, errno == EAGAIN || errno == EINTR { return }
                throw LoadFailure(message: "the server closed a connection")
            }
            let batch = connections[index].batch
            let before = connections[index].received
            let after = before + count
            let isRight = batches[batch].replies.withUnsafeBytes { replies in
                after <= replies.count && memcmp(replies.baseAddress! + before, buffer.baseAddress!, count) == 0
            }
            guard isRight else {
                let wanted = batches[batch].replies[before...].prefix(count)
                throw .unexpected(UnsafeRawBufferPointer(rebasing: buffer[..<count]), wanted: wanted)
            }
            connections[index].received = after
            let now = clinux_time()
            countReplies(index, at: now)
            guard after == batches[batch].replies.count else { return }
            busy -= 1
            if let serverThread { observePause(index, at: now, serverThread.time) }
            if !isCounting, now >= countsFrom { startCounting(now) }
            endIfDue(now)
            if goesOn { try send(index) }
        }

        /// Counts the replies that are complete now.
        private mutating func countReplies(_ index: Int, at now: Int64) {
            let batch = connections[index].batch
            var replies = connections[index].replies
            let before = replies
            if connections[index].received == batches[batch].replies.count {
                replies = plan.inFlight
            } else {
                while batches[batch].replyEnds[replies] <= connections[index].received { replies += 1 }
            }
            connections[index].replies = replies
            guard isCounting, !hasEnded, replies > before else { return }
            let latency = now - connections[index].sentAt
            result.requests += replies - before
            result.latency.record(min(UInt64(latency), Self.longestLatency), count: UInt32(replies - before))
        }

        /// Writes the keys of a batch and sends it.
        private mutating func send(_ index: Int) throws(LoadFailure) {
            let batch = batches.count == 1 ? 0 : Int(random.next(below: UInt64(batches.count)))
            writeKeys(of: batch)
            connections[index].batch = batch
            connections[index].received = 0
            connections[index].replies = 0
            connections[index].sentAt = clinux_time()
            let isSent = batches[batch].bytes.withUnsafeBytes {
                LoopbackSocket.send($0, to: connections[index].descriptor)
            }
            guard isSent else { throw LoadFailure(message: "the server closed a connection") }
            busy += 1
        }

        private mutating func writeKeys(of batch: Int) {
            let keys = batches[batch].keys.count
            for key in 0..<keys {
                let place = batches[batch].keys[key]
                let uuid = plan.keySpace.uuid(chooseKey(isLive: place.isLive))
                var span = batches[batch].bytes.mutableSpan
                var bytes = span.mutableBytes
                KeySpace.write(uuid, into: &bytes, at: place.offset)
            }
        }

        @inline(__always)
        private mutating func chooseKey(isLive: Bool) -> UInt64 {
            guard isLive else { return KeySpace.absent | random.next() >> 8 }
            switch plan.keys {
            case .random(let count): return random.next(below: UInt64(count))
            case .each(let range):
                // The last batch is filled up with its last key.
                let key = min(nextKey, range.upperBound - 1)
                nextKey += 1
                return UInt64(key)
            }
        }

        // MARK: What is counted

        private mutating func startCounting(_ now: Int64) {
            isCounting = true
            beganAt = now
            serverTimeAtStart = clinux_processor_time(plan.server)
            ownTimeAtStart = clinux_thread_time()
            threadTimeBefore = serverThread?.time ?? 0
        }

        private mutating func endIfDue(_ now: Int64) {
            guard isCounting, !hasEnded else { return }
            let isDue =
                switch plan.end {
                case .after(let duration): now - beganAt >= duration.inNanoseconds
                case .requests(let requests): result.requests >= requests
                case .withKeys: !goesOn && busy == 0
                }
            guard isDue else { return }
            hasEnded = true
            result.nanoseconds = now - beganAt
            result.serverNanoseconds = clinux_processor_time(plan.server) - serverTimeAtStart
            result.generatorNanoseconds = clinux_thread_time() - ownTimeAtStart
        }

        /// Whether there is more to send.
        private var goesOn: Bool {
            if hasEnded { return false }
            if case .each(let range) = plan.keys { return nextKey < range.upperBound }
            return true
        }

        private mutating func observePause(_ index: Int, at now: Int64, _ threadTime: Int64) {
            result.longestBatch = max(result.longestBatch, now - connections[index].sentAt)
            result.longestServerBatch = max(result.longestServerBatch, threadTime - threadTimeBefore)
            threadTimeBefore = threadTime
        }
    }
#endif
