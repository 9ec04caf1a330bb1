#if os(Linux)
    import CLinux
    import Foundation
    import Glibc

    /// The load generator: one thread, epoll. Every reply is compared with what it must be, byte for byte.
    ///
    /// It does as little as possible for each request, so that the measurement is not of itself. Requests are encoded
    /// in advance, only the UUIDs are written again, and the clock is read twice for a batch.
    struct LoadGenerator: ~Copyable {
        private static let eventsAtOnce = 128
        private static let readSize = 1 << 16
        /// The longest that is waited for any reply, in nanoseconds.
        private static let patience: Int64 = 20_000_000_000

        struct Connection {
            var descriptor: Int32
            /// What it has sent: requests of a batch, as places in it.
            var batch = 0
            var slots = 0..<0
            /// The end of the replies that have come, in the batch's replies, and how many of them are counted.
            var received = 0
            var counted = 0
            /// In a closed loop.
            var sentAt: Int64 = 0
            /// In an open loop: the number of its first request in the schedule.
            var firstNumber = 0
        }

        let plan: LoadPlan
        private let epoll: Int32
        var connections: [Connection] = []
        var batches: [Batch]
        private var random = Random(seed: UInt64.random(in: 0...UInt64.max))
        private var nextKey = 0
        /// How many connections wait for replies.
        var busy = 0

        /// Only in an open loop.
        private var schedule: LoadSchedule?
        private var free: FreeConnections
        /// Whether all requests that were due had been sent when the schedule was last looked at.
        private var wasOnTime = true
        /// The batch under way, and the first request of it that is not sent.
        private var openBatch = 0
        private var openSlot = 0

        var result = LoadResult()
        var record: LoadRecord
        var isCounting = false
        var hasEnded = false
        var countsFrom: Int64 = 0
        var beganAt: Int64 = 0
        var secondEndsAt: Int64 = .max
        var serverTimeAtStart: Int64 = 0
        var ownTimeAtStart: Int64 = 0
        var waitingAtStart: Int64 = 0
        /// Only where pauses are observed.
        var serverThread: BusiestThreadClock?
        var threadTimeBefore: Int64 = 0

        /// Connects.
        init(_ plan: LoadPlan, _ address: ServerAddress) throws(LoadFailure) {
            self.plan = plan
            batches = Batch.all(of: plan)
            record = LoadRecord(plan.mix.map(\.template.name))
            result.operations = record.operations
            free = FreeConnections(capacity: plan.connections)
            if case .each(let range) = plan.keys { nextKey = range.lowerBound }
            epoll = clinux_epoll_create()
            guard epoll >= 0 else { throw LoadFailure.system("epoll_create1") }
            if plan.observesPauses, let server = plan.server {
                serverThread = try BusiestThreadClock(process: server)
            }
            for index in 0..<plan.connections {
                let descriptor = try address.connect()
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
            countsFrom = start + plan.warmUp.inNanoseconds
            beganAt = start
            if plan.warmUp == .zero { startCounting(start) }
            if case .openLoop(let rate) = plan.pace { schedule = schedule(rate, from: start) }
            for index in connections.indices where goesOn {
                if schedule == nil { try sendBatch(index) } else { free.append(index) }
            }
            if schedule != nil { try sendDue(start) }
            while busy > 0 || schedule?.isOver == false {
                let isSilenceStrange = schedule == nil || schedule!.isOver || free.count == 0
                let ready = clinux_epoll_wait_for(epoll, events, Int32(Self.eventsAtOnce), longestWait)
                guard ready >= 0 || errno == EINTR else { throw .system("epoll_pwait2") }
                for event in 0..<Int(max(0, ready)) { try receive(Int(events[event].value), buffer) }
                if schedule != nil { try sendDue(clinux_time()) }
                if ready == 0, isSilenceStrange {
                    throw LoadFailure(message: "the server has not answered for \(Self.patience / 1_000_000_000) s")
                }
            }
            finish()
            return result
        }

        /// Until something is due, if there is a connection to send it on.
        private var longestWait: Int64 {
            guard let schedule, !schedule.isOver, free.count > 0 else { return Self.patience }
            return min(Self.patience, max(0, schedule.nextDue - clinux_time()))
        }

        // MARK: Receiving

        private mutating func receive(
            _ index: Int, _ buffer: UnsafeMutableRawBufferPointer
        ) throws(LoadFailure) {
            let count = recv(connections[index].descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else {
                if count < 0, errno == EAGAIN || errno == EINTR { return }
                throw LoadFailure(message: "the server closed a connection")
            }
            let batch = connections[index].batch
            let before = connections[index].received
            let after = before + count
            let end = batches[batch].replyOffsets[connections[index].slots.upperBound]
            let isRight = batches[batch].replies.withUnsafeBytes { replies in
                after <= end && memcmp(replies.baseAddress! + before, buffer.baseAddress!, count) == 0
            }
            guard isRight else {
                let wanted = batches[batch].replies[before..<end].prefix(count)
                throw .unexpected(UnsafeRawBufferPointer(rebasing: buffer[..<count]), wanted: wanted)
            }
            connections[index].received = after
            let now = clinux_time()
            if now >= secondEndsAt { handOver(at: now) }
            if schedule != nil, !isCounting, now >= countsFrom { startCounting(now) }
            countReplies(index, schedule, at: now)
            guard after == end else { return }
            busy -= 1
            if let serverThread { observePause(index, at: now, serverThread.time) }
            if schedule != nil { return free.append(index) }
            if !isCounting, now >= countsFrom { startCounting(now) }
            endIfDue(now)
            if goesOn { try sendBatch(index) }
        }

        // MARK: Sending

        /// In a closed loop: sends a whole batch.
        private mutating func sendBatch(_ index: Int) throws(LoadFailure) {
            let batch = batches.count == 1 ? 0 : Int(random.next(below: UInt64(batches.count)))
            try send(0..<plan.inFlight, of: batch, on: index)
        }

        /// In an open loop: sends what is due, on the connections that are free.
        private mutating func sendDue(_ now: Int64) throws(LoadFailure) {
            if plan.stop.isSet || now > schedule!.deadline { return giveUp() }
            // What is late of the warm-up would be in the way of what counts.
            if !isCounting, now >= countsFrom { schedule!.skip(to: countsFrom) }
            var waiting = schedule!.waiting(at: now)
            while waiting > 0, let index = free.popFirst() {
                if openSlot == 0, batches.count > 1 { openBatch = Int(random.next(below: UInt64(batches.count))) }
                let count = min(waiting, plan.inFlight - openSlot)
                if wasOnTime, isCounting { result.lateness.record(now - schedule!.nextDue, count: count) }
                connections[index].firstNumber = schedule!.take(count)
                try send(openSlot..<openSlot + count, of: openBatch, on: index)
                openSlot = (openSlot + count) % plan.inFlight
                waiting -= count
            }
            // Otherwise it is the server that keeps them waiting.
            wasOnTime = waiting == 0
        }

        private mutating func giveUp() {
            guard !schedule!.isOver else { return }
            result.unsent = plan.stop.isSet ? 0 : schedule!.total - schedule!.next
            _ = schedule!.take(schedule!.total - schedule!.next)
        }

        /// Writes the keys of some requests of a batch and sends them.
        private mutating func send(_ slots: Range<Int>, of batch: Int, on index: Int) throws(LoadFailure) {
            for key in batches[batch].keyOffsets[slots.lowerBound]..<batches[batch].keyOffsets[slots.upperBound] {
                let place = batches[batch].keys[key]
                let uuid = plan.keySpace.uuid(chooseKey(isLive: place.isLive))
                batches[batch].write(uuid, at: place.offset)
            }
            connections[index].batch = batch
            connections[index].slots = slots
            connections[index].received = batches[batch].replyOffsets[slots.lowerBound]
            connections[index].counted = slots.lowerBound
            if schedule == nil { connections[index].sentAt = clinux_time() }
            let (start, end) = (
                batches[batch].byteOffsets[slots.lowerBound], batches[batch].byteOffsets[slots.upperBound]
            )
            let isSent = batches[batch].bytes.withUnsafeBytes {
                LoopbackSocket.send(
                    UnsafeRawBufferPointer(rebasing: $0[start..<end]), to: connections[index].descriptor)
            }
            guard isSent else { throw LoadFailure(message: "the server closed a connection") }
            busy += 1
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

        /// In a closed loop: whether there is more to send.
        var goesOn: Bool {
            if hasEnded || plan.stop.isSet { return false }
            if case .each(let range) = plan.keys { return nextKey < range.upperBound }
            return true
        }

        private func schedule(_ rate: Double, from start: Int64) -> LoadSchedule {
            let warmUp = Double(plan.warmUp.inNanoseconds) / 1e9 * rate
            let counted =
                switch plan.end {
                case .after(let duration): Double(duration.inNanoseconds) / 1e9 * rate
                case .requests(let requests): Double(requests)
                case .withKeys: preconditionFailure("keys are stored in a closed loop")
                }
            return LoadSchedule(
                start: start, requestsPerSecond: rate, total: max(1, Int((warmUp + counted).rounded())))
        }
    }
#endif
