#if os(Linux)
    import CLinux
    import Glibc
    import Logging
    import Persistence
    import RESP
    import Synchronization

    /// What a reactor's thread does and owns.
    struct ReactorLoop: ~Copyable {
        private static let eventsAtOnce = 128
        private static let readSize = 1 << 16
        /// The reads that are prepared together; the last of them still finds this much room.
        private static let readsAtOnce = 16
        private static let minimumRoom = 1 << 14
        /// Reads of more bytes than this are enough for a write to disk.
        private static let gatheredBytes = 1 << 13
        /// Between two portions of messages, in nanoseconds.
        private static let pause: Int64 = 50_000
        /// While the log is full no more than this is read at once: what is read may have to wait.
        private static let readWhileLogIsFull = 1 << 12

        let reactor: Reactor
        let peers: [Reactor]
        /// Only the first reactor accepts.
        var listeners: [Listener]
        /// By descriptor.
        var connections: [Connection?] = []
        var connectionCount = 0
        /// Connections with replies that wait for the log.
        private var holding = DescriptorSet()
        /// Connections with input left to execute.
        private var unfinished: [Int32] = []
        /// Connections with a write that waits until the log has room, in their order.
        private var stalled: [Int32] = []
        /// Whether a connection may have to do something in time, and when they are looked at next.
        var hasDeadlines = false
        var nextCheck: Int64 = 0
        /// No client is looked for that could be dropped for the memory it takes, before this time.
        var nextDrop: Int64 = 0
        private(set) var drainsUntil: Int64?
        /// Accepting stopped for want of descriptors until then.
        var acceptsAgainAt: Int64?
        var context: ServingContext
        /// What was read and has not been executed, side by side in ``buffer``, and the batch of each.
        private var reads = ReusableBuffer<Read>(capacity: Self.readsAtOnce)
        private var batches: InlineArray<16, CommandBatch>
        private let buffer: UnsafeMutableRawBufferPointer
        private let events: UnsafeMutablePointer<clinux_event>

        init(_ reactor: Reactor, peers: [Reactor], listeners: [Listener]) {
            self.reactor = reactor
            self.peers = peers
            self.listeners = listeners
            context = ServingContext(reactor.daemon)
            context.mailbox.onMail { [reactor] in reactor.wake() }
            let denylist = context.denylist
            batches = InlineArray { _ in CommandBatch(denylist) }
            buffer = .allocate(byteCount: Self.readSize, alignment: 64)
            events = .allocate(capacity: Self.eventsAtOnce)
            for listener in listeners { listen(listener) }
        }

        deinit {
            buffer.deallocate()
            events.deallocate()
        }

        // MARK: The loop

        mutating func run() {
            while true {
                let ready = wait()
                context.readClock()
                let gathers = ready > 1
                if gathers { context.journal.beginGathering() }
                for index in 0..<Int(max(0, ready)) {
                    handle(Int32(truncatingIfNeeded: events[index].value), events[index].events)
                }
                executeReads()
                if gathers { context.journal.endGathering() }
                resumeUnfinished()
                // What a client has changed itself it hears of before it can ask for more.
                if context.mailbox.hasMail { takeMail() }
                if !context.deliveries.isEmpty { deliver() }
                if mustWatchTime, context.uptime >= nextCheck { checkTime() }
                if let drainsUntil, connectionCount == 0 || context.uptime >= drainsUntil { break }
            }
            for connection in connections { if let connection { end(connection) } }
        }

        /// - Returns: how many events there are.
        private func wait() -> Int32 {
            if paces { return clinux_epoll_wait_for(reactor.epoll, events, Int32(Self.eventsAtOnce), Self.pause) }
            let timeout = timeout()
            let spin = Int64(context.daemon.configuration.spin) * 1000
            if spin > 0, timeout != 0 {
                let start = clinux_time()
                repeat {
                    let ready = clinux_epoll_wait(reactor.epoll, events, Int32(Self.eventsAtOnce), 0)
                    if ready != 0 { return ready }
                } while clinux_time() - start < spin
            }
            return clinux_epoll_wait(reactor.epoll, events, Int32(Self.eventsAtOnce), timeout)
        }

        /// Whether only messages are left to do, and there is time: others get the processor between two portions.
        private var paces: Bool {
            !context.deliveries.isEmpty && context.deliveries.mayWait && unfinished.isEmpty
                && !context.daemon.mail.isCongested
        }

        private func timeout() -> Int32 {
            if !unfinished.isEmpty || !context.deliveries.isEmpty { return 0 }
            if drainsUntil != nil { return 50 }
            guard mustWatchTime else { return -1 }
            return Int32(min(OutputPolicy.checkInterval, max(0, nextCheck - context.uptime)))
        }

        private var mustWatchTime: Bool { hasDeadlines || acceptsAgainAt != nil }

        private mutating func handle(_ descriptor: Int32, _ reported: UInt32) {
            if Int(descriptor) < connections.count, let connection = connections[Int(descriptor)] {
                if reported & Reactor.writable != 0 { flush(connection) }
                if reported & ~Reactor.writable != 0, isOpen(connection) { receive(connection) }
                // Such a connection is reported again and again, whatever is waited for: it has to go, unless it is
                // being read.
                if reported & Reactor.broken != 0, isOpen(connection), connection.interest & Reactor.readable == 0 {
                    end(connection)
                }
                return
            }
            // What follows may end connections, and give their descriptors to others.
            executeReads()
            if reactor.isWake(descriptor) {
                for message in reactor.takeMessages() { handle(message) }
                if reactor.takeLogAdvance() {
                    releaseReplies()
                    resumeStalled()
                }
                takeMail()
            } else if let listener = listeners.first(where: { $0.descriptor == descriptor }) {
                accept(from: listener)
            }
        }

        private mutating func handle(_ message: Reactor.Message) {
            switch message {
            case .adopt(let descriptor, let address, let localAddress, let isTCP):
                adopt(descriptor, address, localAddress, isTCP)
            case .end(let descriptor, let client):
                guard Int(descriptor) < connections.count, let connection = connections[Int(descriptor)],
                    connection.session.client.id == client
                else { return }
                end(connection)
            case .answer(let caller): caller.finish()
            case .drain: drain()
            }
        }

        /// Stops accepting; idle connections close at once, the others when they have what they are owed.
        private mutating func drain() {
            for listener in listeners { listener.end() }
            listeners = []
            drainsUntil = context.uptime + OutputPolicy.drainTime
            for connection in connections {
                guard let connection else { continue }
                connection.policy.drain()
                if !connection.policy.needsResume {
                    receive(connection)
                    executeReads()
                }
                if isOpen(connection) { goOn(connection) }
            }
        }

        // MARK: Connections

        /// Its descriptor may be another connection's by now.
        func isOpen(_ connection: Connection) -> Bool {
            connections[Int(connection.descriptor)] === connection
        }

        mutating func end(_ connection: Connection) {
            guard isOpen(connection) else { return }
            account(connection, was: connection.pending, now: 0)
            connections[Int(connection.descriptor)] = nil
            holding.remove(connection.descriptor)
            connection.session.end(context.daemon)
            context.daemon.clients.remove(connection.session.client.id)
            connectionCount -= 1
            discard(connection.descriptor)
        }

        // MARK: Bytes

        private mutating func receive(_ connection: Connection) {
            if reads.count == Self.readsAtOnce || Self.readSize - filled < Self.minimumRoom { executeReads() }
            // Executing others may have ended it.
            guard isOpen(connection), connection.policy.mayRead else { return }
            let isLogFull = context.journal.disk.map { $0.queuedBytes > AppendLog.backlogLimit / 2 } ?? false
            if isLogFull, connection.session.inputCount > 0, context.isInputScarce { return stall(connection) }
            let start = filled
            let room = isLogFull ? min(Self.readWhileLogIsFull, Self.readSize - start) : Self.readSize - start
            let count = read(connection.descriptor, buffer.baseAddress! + start, room)
            guard count > 0 else {
                if count < 0 {
                    if errno != EAGAIN, errno != EINTR { end(connection) }
                    return
                }
                // The client has ended its side. It may be waiting for replies: it gets them before the connection
                // closes.
                connection.policy.endInput()
                return goOn(connection)
            }
            context.counters.add(count, to: .bytesIn)
            connection.policy.didRead(count, holds: connection.holdCount)
            let bytes = start..<(start + count)
            guard connection.policy.executesInput else {
                connection.session.keep(RawSpan(_unsafeBytes: input(bytes)), &context)
                connection.policy.didKeep()
                return goOn(connection)
            }
            reads.append(Read(descriptor: connection.descriptor, bytes: bytes))
        }

        /// What was read from one connection.
        private struct Read: BitwiseCopyable {
            let descriptor: Int32
            var isPrepared = false
            /// Where its bytes are in ``buffer``.
            private let start, end: Int
            var bytes: Range<Int> { start..<end }

            init(descriptor: Int32, bytes: Range<Int>) {
                self.descriptor = descriptor
                (start, end) = (bytes.lowerBound, bytes.upperBound)
            }
        }

        /// Whether messages may come for the client that a read is of. Others do not wait for anybody's messages.
        private func isListening(read index: Int) -> Bool {
            connections[Int(reads[index].descriptor)]?.session.isListening == true
        }

        /// Where the next read goes.
        private var filled: Int { reads.count > 0 ? reads[reads.count - 1].bytes.upperBound : 0 }

        private func input(_ bytes: Range<Int>) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: buffer[bytes])
        }

        /// Executes what was read, and answers. All reads are prepared before the first is executed: the memory of one
        /// client's keys arrives while another's are looked up.
        private mutating func executeReads() {
            guard reads.count > 0 else { return }
            // What was changed before these commands came is told before they are answered, as in Redis, unless more
            // messages wait than one portion.
            if context.mailbox.hasMail { takeMail() }
            if !context.deliveries.isEmpty, reads.indices.contains(where: { isListening(read: $0) }) { deliver() }
            var commands = 0
            for index in reads.indices where commands < CommandBatch.maximumCommands {
                let read = reads[index]
                guard let connection = connections[Int(read.descriptor)] else { continue }
                if connection.session.prepare(RawSpan(_unsafeBytes: input(read.bytes)), &batches[index]) {
                    reads[index].isPrepared = true
                    commands += batches[index].count
                }
            }
            if reads.count > 1 {
                for index in reads.indices where reads[index].isPrepared { batches[index].prefetchFirst() }
            }
            for index in reads.indices {
                let read = reads[index]
                guard let connection = connections[Int(read.descriptor)] else { continue }
                context.turnToConnection()
                let time = context.timer.begin()
                let outcome = connection.session.receive(
                    RawSpan(_unsafeBytes: input(read.bytes)), isPrepared: read.isPrepared, &batches[index], &context)
                context.timer.end(time, context.counters)
                answer(connection, outcome)
            }
            // A revocation does not wait for the end of long pipelines.
            if filled > Self.gatheredBytes { context.journal.endGathering() }
            reads.removeAll()
        }

        /// Leaves the connection alone until the log has room.
        private mutating func stall(_ connection: Connection) {
            connection.policy.stall()
            stalled.append(connection.descriptor)
            goOn(connection)
        }

        private mutating func resumeStalled() {
            guard !stalled.isEmpty else { return }
            var descriptors: [Int32] = []
            swap(&descriptors, &stalled)
            for descriptor in descriptors {
                guard let connection = connections[Int(descriptor)], connection.policy.isStalled else { continue }
                connection.policy.endStall()
                goOn(connection)
            }
        }

        private mutating func resumeUnfinished() {
            guard !unfinished.isEmpty else { return }
            var descriptors: [Int32] = []
            swap(&descriptors, &unfinished)
            for descriptor in descriptors {
                guard let connection = connections[Int(descriptor)], connection.policy.takeResume() else { continue }
                context.turnToConnection()
                answer(connection, connection.session.resume(&batches[0], &context))
            }
        }

        /// Writes the replies and decides how to go on.
        private mutating func answer(_ connection: Connection, _ outcome: ClientSession.Outcome) {
            let bytes = context.reply.bytes
            let before = connection.pending
            context.counters.add(bytes.count, to: .bytesOut)
            if context.reply.hasOverflowed { return drop(connection, .replyTooLong) }
            let delivery = bytes.count > 0 ? connection.deliver(bytes, context) : .done
            if connection.holdCount > 0 { holding.insert(connection.descriptor) }
            account(connection, was: before, now: connection.pending)
            if delivery == .failed { return end(connection) }
            connection.policy.didExecute(outcome)
            if outcome == .stalled { stalled.append(connection.descriptor) }
            goOn(connection)
        }

        /// Answers writes that the log has acknowledged, or has failed to take.
        private mutating func releaseReplies() {
            var next: Int32 = 0
            while let descriptor = holding.first(from: next) {
                next = descriptor + 1
                guard let connection = connections[Int(descriptor)] else { continue }
                if connection.unread == 0 { connection.policy.didProgress(at: context.uptime) }
                connection.release(context)
                if connection.holdCount == 0 { holding.remove(descriptor) }
                flush(connection)
            }
        }

        private mutating func flush(_ connection: Connection) {
            let before = connection.pending
            let delivery = connection.flush()
            account(connection, was: before, now: connection.pending)
            if delivery == .failed { return end(connection) }
            goOn(connection)
        }

        /// Keeps count of what waits, and of when the client last read something.
        func account(_ connection: Connection, was before: Int, now after: Int) {
            guard before != after else { return }
            connection.session.noteUnsent(after)
            if before == 0 || after < before { connection.policy.didProgress(at: context.uptime) }
            context.daemon.counters.waitingOutput.wrappingAdd(after - before, ordering: .relaxed)
        }

        /// Waits for what comes next: room to write, more input, or its turn to execute what is left.
        mutating func goOn(_ connection: Connection) {
            let (load, totals) = (load(of: connection), context.daemon.outputTotals)
            if connection.policy.mustMakeRoom(load, totals), context.uptime >= nextDrop {
                dropSlowest()
                guard isOpen(connection) else { return }
            }
            let decision = connection.policy.next(load, totals, at: context.uptime)
            guard case .proceed(let reads, let resumes) = decision else {
                if case .drop(let drop) = decision { return self.drop(connection, drop) }
                return end(connection)
            }
            if connection.policy.hasDeadline(load) { hasDeadlines = true }
            if resumes { unfinished.append(connection.descriptor) }
            let interest = (load.unread > 0 ? Reactor.writable : 0) | (reads ? Reactor.readable : 0)
            guard interest != connection.interest else { return }
            connection.interest = interest
            _ = clinux_epoll_control(
                reactor.epoll, clinux_modify, connection.descriptor, interest, UInt64(connection.descriptor))
        }
    }
#endif
