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
        private static let acceptsAtOnce = 64
        /// While the log is full no more than this is read at once: what is read may have to wait.
        private static let readWhileLogIsFull = 1 << 12
        private let flow: FlowControl
        /// How often connections are looked at that have to do something in time, in milliseconds.
        private static let checkInterval: Int64 = 1_000
        /// How long the end waits for clients to read what they are owed, in milliseconds.
        private static let drainLimit: Int64 = 3_000

        private let reactor: Reactor
        private let peers: [Reactor]
        /// Only the first reactor accepts.
        private var listeners: [Listener]
        private var connections: [Connection?] = []
        /// Connections with replies that wait for the log.
        private var holding: Set<Int32> = []
        /// Connections with input left to execute, by descriptor.
        private var unfinished: [Int32] = []
        /// Connections with a write that waits until the log has room, in their order.
        private var stalled: [Int32] = []
        /// Connections that have to authenticate, and since when, in their order; some have.
        private var strangers: [(descriptor: Int32, since: Int64)] = []
        /// When they are looked at next.
        private var nextCheck: Int64 = 0
        /// No client is looked for that could be dropped for the memory it takes, before this time.
        private var nextDrop: Int64 = 0
        private var connectionCount = 0
        private var waitingCount = 0
        private var drainsUntil: Int64?
        /// Accepting stopped for want of descriptors until then.
        private var acceptsAgainAt: Int64?
        private var worker: Worker
        private var batch: CommandBatch
        /// What was read last.
        private let buffer: UnsafeMutableRawBufferPointer
        private let events: UnsafeMutablePointer<clinux_event>

        init(_ reactor: Reactor, peers: [Reactor], listeners: [Listener]) {
            self.reactor = reactor
            self.peers = peers
            self.listeners = listeners
            worker = Worker(reactor.daemon)
            batch = CommandBatch(worker.denylist)
            flow = FlowControl(outputLimit: reactor.daemon.configuration.outputLimit)
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
                worker.readClock()
                for index in 0..<Int(max(0, ready)) {
                    handle(Int32(truncatingIfNeeded: events[index].value), events[index].events)
                }
                resumeUnfinished()
                if hasDeadlines, worker.uptime >= nextCheck { checkTime() }
                if let drainsUntil, connectionCount == 0 || worker.uptime >= drainsUntil { break }
            }
            for connection in connections { if let connection { end(connection) } }
        }

        /// - Returns: how many events there are.
        private func wait() -> Int32 {
            let timeout = timeout()
            let spin = Int64(worker.daemon.configuration.spin) * 1000
            if spin > 0, timeout != 0 {
                let start = Self.nanoseconds()
                repeat {
                    let ready = clinux_epoll_wait(reactor.epoll, events, Int32(Self.eventsAtOnce), 0)
                    if ready != 0 { return ready }
                } while Self.nanoseconds() - start < spin
            }
            return clinux_epoll_wait(reactor.epoll, events, Int32(Self.eventsAtOnce), timeout)
        }

        private static func nanoseconds() -> Int64 {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        }

        private func timeout() -> Int32 {
            if !unfinished.isEmpty { return 0 }
            if drainsUntil != nil { return 50 }
            return hasDeadlines ? Int32(min(Self.checkInterval, max(0, nextCheck - worker.uptime))) : -1
        }

        /// Whether somebody has to do something in time.
        private var hasDeadlines: Bool { waitingCount > 0 || acceptsAgainAt != nil || !strangers.isEmpty }

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
            if reactor.isWake(descriptor) {
                for message in reactor.takeMessages() { handle(message) }
                if reactor.takeNewsOfLog() {
                    releaseReplies()
                    resumeStalled()
                }
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
            case .drain: drain()
            }
        }

        /// Stops accepting; idle connections close at once, the others when they have what they are owed.
        private mutating func drain() {
            for listener in listeners { listener.end() }
            listeners = []
            drainsUntil = worker.uptime + Self.drainLimit
            for connection in connections {
                guard let connection else { continue }
                if !connection.needsResume { receive(connection) }
                if isOpen(connection) { goOn(connection) }
            }
        }

        // MARK: Connections

        private mutating func listen(_ listener: Listener) {
            _ = clinux_epoll_control(
                reactor.epoll, clinux_add, listener.descriptor, Reactor.readable, UInt64(listener.descriptor))
        }

        private mutating func accept(from listener: Listener) {
            for _ in 0..<Self.acceptsAtOnce {
                var address = SocketAddress.Storage()
                var length = socklen_t(MemoryLayout<SocketAddress.Storage>.size)
                let descriptor = withUnsafeMutablePointer(to: &address) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        clinux_accept(listener.descriptor, $0, &length)
                    }
                }
                guard descriptor >= 0 else {
                    if errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM { stopAccepting() }
                    return
                }
                let peer = SocketAddress.hostAndPort(&address, length)
                let target = peers.min {
                    $0.load.load(ordering: .relaxed) < $1.load.load(ordering: .relaxed)
                }!
                target.load.wrappingAdd(1, ordering: .relaxed)
                let name = peer.map { SocketAddress.describe(host: $0.host, port: $0.port) } ?? listener.localAddress
                if target === reactor {
                    adopt(descriptor, name, listener.localAddress, peer != nil)
                } else {
                    target.post(
                        .adopt(
                            descriptor: descriptor, address: name, localAddress: listener.localAddress,
                            isTCP: peer != nil))
                }
            }
        }

        private mutating func stopAccepting() {
            worker.daemon.logger.error("cannot accept connections: out of descriptors or memory; trying again in 1 s")
            acceptsAgainAt = worker.uptime + 1000
            for listener in listeners {
                _ = clinux_epoll_control(reactor.epoll, clinux_remove, listener.descriptor, 0, 0)
            }
        }

        private mutating func adopt(_ descriptor: Int32, _ address: String, _ localAddress: String, _ isTCP: Bool) {
            let daemon = worker.daemon
            if isTCP { Listener.prepareConnection(descriptor) }
            let id = daemon.clients.newID()
            let record = ClientRecord(
                id: id, address: address, localAddress: localAddress, connectedAt: daemon.clock.uptime()
            ) { [reactor] in reactor.post(.end(descriptor: descriptor, client: id)) }
            record.mustAuthenticate.store(daemon.credentials.isPasswordRequired, ordering: .relaxed)
            guard drainsUntil == nil, daemon.admit(record, worker.counters) else {
                let refusal = "-ERR max number of clients reached\r\n"
                _ = send(descriptor, refusal, refusal.utf8.count, Int32(MSG_NOSIGNAL))
                return discard(descriptor)
            }
            guard
                clinux_epoll_control(reactor.epoll, clinux_add, descriptor, Reactor.readable, UInt64(descriptor)) == 0
            else {
                daemon.clients.remove(id)
                return discard(descriptor)
            }
            while connections.count <= Int(descriptor) { connections.append(nil) }
            let session = ClientSession(client: record, daemon: daemon)
            let connection = Connection(descriptor, session, interest: Reactor.readable)
            connections[Int(descriptor)] = connection
            connectionCount += 1
            if record.mustAuthenticate.load(ordering: .relaxed) { awaitAuthentication(of: connection) }
        }

        private func discard(_ descriptor: Int32) {
            close(descriptor)
            reactor.load.wrappingSubtract(1, ordering: .relaxed)
        }

        /// Its descriptor may be another connection's by now.
        private func isOpen(_ connection: Connection) -> Bool {
            connections[Int(connection.descriptor)] === connection
        }

        private mutating func end(_ connection: Connection) {
            guard isOpen(connection) else { return }
            account(connection, was: connection.pending, now: 0)
            connections[Int(connection.descriptor)] = nil
            holding.remove(connection.descriptor)
            connection.session.end(worker.daemon)
            worker.daemon.clients.remove(connection.session.client.id)
            connectionCount -= 1
            discard(connection.descriptor)
        }

        // MARK: Bytes

        private mutating func receive(_ connection: Connection) {
            // Its own end is noticed all the same, by the next write.
            guard !connection.isClosing, !connection.hasInputEnded, connection.step != .wait else { return }
            // What it has sent is being executed, step by step.
            guard !connection.needsResume || connection.step == .keep else { return }
            let isLogFull = worker.written.log.map { $0.queuedBytes > AppendLog.backlogLimit / 2 } ?? false
            if isLogFull, connection.session.inputCount > 0, worker.isInputScarce { return stall(connection) }
            let room = isLogFull ? Self.readWhileLogIsFull : Self.readSize
            let count = read(connection.descriptor, buffer.baseAddress!, room)
            guard count > 0 else {
                if count < 0 {
                    if errno != EAGAIN, errno != EINTR { end(connection) }
                    return
                }
                // The client has ended its side. It may be waiting for replies: it gets them before the connection
                // closes.
                connection.hasInputEnded = true
                return goOn(connection)
            }
            worker.counters.add(count, to: .bytesIn)
            if connection.holdCount > 0 { connection.inputSinceHold += count }
            let bytes = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            guard connection.step != .keep else {
                // The client has to read its replies first.
                connection.session.keep(bytes, &worker)
                connection.needsResume = true
                return goOn(connection)
            }
            worker.beginReplies()
            let time = worker.beginTiming()
            let outcome = connection.session.receive(bytes, &batch, &worker)
            worker.endTiming(time)
            answer(connection, outcome)
        }

        /// Leaves the connection alone until the log has room.
        private mutating func stall(_ connection: Connection) {
            connection.isStalled = true
            connection.needsResume = true
            stalled.append(connection.descriptor)
            goOn(connection)
        }

        private mutating func resumeStalled() {
            guard !stalled.isEmpty else { return }
            var descriptors: [Int32] = []
            swap(&descriptors, &stalled)
            for descriptor in descriptors {
                guard let connection = connections[Int(descriptor)], connection.isStalled else { continue }
                connection.isStalled = false
                goOn(connection)
            }
        }

        private mutating func resumeUnfinished() {
            guard !unfinished.isEmpty else { return }
            var descriptors: [Int32] = []
            swap(&descriptors, &unfinished)
            for descriptor in descriptors {
                guard let connection = connections[Int(descriptor)], connection.needsResume, connection.step == .execute
                else { continue }
                connection.needsResume = false
                worker.beginReplies()
                answer(connection, connection.session.resume(&batch, &worker))
            }
        }

        /// Writes the replies and decides how to go on.
        private mutating func answer(_ connection: Connection, _ outcome: ClientSession.Outcome) {
            let bytes = worker.reply.bytes
            let before = connection.pending
            worker.counters.add(bytes.count, to: .bytesOut)
            if worker.reply.hasOverflowed {
                return drop(connection, "one reply passed output-limit")
            }
            let delivery = bytes.count > 0 ? connection.deliver(bytes, worker) : .done
            if connection.holdCount > 0 { holding.insert(connection.descriptor) }
            account(connection, was: before, now: connection.pending)
            if delivery == .failed { return end(connection) }
            if outcome == .closing { connection.isClosing = true }
            if outcome == .paused { connection.needsResume = true }
            if outcome == .stalled { return stall(connection) }
            if (connection.session.user == .nobody) != (connection.mustAuthenticateSince != nil) {
                awaitAuthentication(of: connection)
            }
            goOn(connection)
        }

        /// Answers writes that the log has acknowledged, or has failed to take.
        private mutating func releaseReplies() {
            guard !holding.isEmpty, let log = worker.written.log else { return }
            var descriptors: Set<Int32> = []
            swap(&descriptors, &holding)
            for descriptor in descriptors {
                guard let connection = connections[Int(descriptor)] else { continue }
                if connection.unread == 0 { connection.progressAt = worker.uptime }
                connection.release(log, worker.counters)
                if connection.holdCount > 0 { holding.insert(descriptor) }
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
        private mutating func account(_ connection: Connection, was before: Int, now after: Int) {
            guard before != after else { return }
            if before == 0 { waitingCount += 1 }
            if after == 0 { waitingCount -= 1 }
            if before == 0 || after < before { connection.progressAt = worker.uptime }
            worker.daemon.counters.waitingOutput.wrappingAdd(after - before, ordering: .relaxed)
        }

        /// Waits for what comes next: room to write, more input, or its turn to execute what is left.
        private mutating func goOn(_ connection: Connection) {
            let load = connection.load
            let isInputOver =
                connection.isClosing || (connection.hasInputEnded || drainsUntil != nil) && !connection.needsResume
            if isInputOver, load.pending == 0 { return end(connection) }
            let allOutput = worker.daemon.counters.waitingOutput.load(ordering: .relaxed)
            if load.pending > 0 {
                if let excess = flow.excess(load) { return drop(connection, excess) }
                if allOutput > worker.daemon.memory.clientLimit, worker.uptime >= nextDrop {
                    dropSlowest()
                    guard isOpen(connection) else { return }
                }
            }
            if load.holds == 0 { connection.inputSinceHold = 0 }
            let allInput = worker.daemon.counters.waitingInput.load(ordering: .relaxed)
            let step = flow.next(
                load, after: connection.step, allOutput: allOutput, mayKeep: allInput < worker.daemon.memory.clientLimit
            )
            connection.step = step
            if connection.needsResume, step == .execute, !connection.isClosing {
                unfinished.append(connection.descriptor)
            }
            var interest: UInt32 = load.unread > 0 ? Reactor.writable : 0
            if step != .wait, !connection.isClosing, !connection.hasInputEnded { interest |= Reactor.readable }
            guard interest != connection.interest else { return }
            connection.interest = interest
            _ = clinux_epoll_control(
                reactor.epoll, clinux_modify, connection.descriptor, interest, UInt64(connection.descriptor))
        }

        // MARK: Limits

        /// Ends a connection that has gone too far, and says so.
        private mutating func drop(_ connection: Connection, _ why: String) {
            worker.daemon.warn(of: .output, "dropping \(connection.session.client.address): \(why)")
            end(connection)
        }

        /// All clients together leave too much unread: the one that has not read for the longest time goes. Where none
        /// of this reactor's is to blame, it is not looked for again at once.
        private mutating func dropSlowest() {
            var slowest: Connection?
            for connection in connections {
                guard let connection, connection.unread > 0 else { continue }
                if connection.progressAt < slowest?.progressAt ?? .max { slowest = connection }
            }
            guard let slowest else {
                nextDrop = worker.uptime + Self.checkInterval
                return
            }
            drop(slowest, "it does not read its replies, and memory is needed")
        }

        /// Begins or ends the time in which a connection has to authenticate.
        private mutating func awaitAuthentication(of connection: Connection) {
            guard connection.session.user == .nobody else {
                connection.mustAuthenticateSince = nil
                return
            }
            connection.mustAuthenticateSince = worker.uptime
            strangers.append((connection.descriptor, worker.uptime))
        }

        private mutating func dropStrangers() {
            let now = worker.uptime
            let seen = strangers.prefix { now - $0.since >= FlowControl.authenticationTime }
            strangers.removeFirst(seen.count)
            for stranger in seen {
                guard let connection = connections[Int(stranger.descriptor)],
                    connection.mustAuthenticateSince == stranger.since, connection.session.user == .nobody
                else { continue }
                worker.counters.add(to: .unauthenticatedConnections)
                worker.daemon.warn(
                    of: .unauthenticated,
                    "closing \(connection.session.client.address): it has not authenticated within 10 s")
                end(connection)
            }
        }

        /// Drops clients that do not read or do not authenticate; accepts again. Called once a second at most.
        private mutating func checkTime() {
            let now = worker.uptime
            nextCheck = now + Self.checkInterval
            if let at = acceptsAgainAt, now >= at {
                acceptsAgainAt = nil
                for listener in listeners { listen(listener) }
            }
            dropStrangers()
            guard waitingCount > 0 else { return }
            for connection in connections {
                guard let connection, connection.unread > 0 else { continue }
                let idle = now - connection.progressAt
                if let dropped = flow.dropped(connection.load, at: connection.step, idle: idle) {
                    drop(connection, dropped.reason)
                }
            }
        }
    }
#endif
