#if os(Linux)
    import CLinux
    import Foundation
    import Glibc
    import Synchronization

    /// A network between one node and the store that can be made to fail. In either direction, bytes pass or wait, and
    /// connections are refused, reset or half closed.
    final class FaultyLink: Sendable {
        enum Condition: String, Sendable, CaseIterable {
            case open
            /// Nothing goes through; what was sent waits, and arrives when the link opens again.
            case stalled
            /// The store receives, but its answers wait: what was written is not acknowledged.
            case answersStalled = "answers stalled"
            case requestsStalled = "requests stalled"
            /// Connections are reset, and new ones as well.
            case refusing
        }

        /// What happens once, to the connections that there are.
        enum Cut: String, Sendable, CaseIterable {
            case reset
            /// The store is told that the node will send no more.
            case halfClosedToStore = "half closed to the store"
            case halfClosedToNode = "half closed to the node"
        }

        /// Some of the connections that go through it.
        enum Lane: String, Sendable, CaseIterable {
            case all
            /// Those on which nothing was written so far.
            case checks
            case writes
        }

        private struct Wishes {
            var condition = Condition.open
            var cut: Cut?
            /// Where new connections lead, if not to the store; 0 refuses them.
            var detour: Int?
            /// Whose connections are reset.
            var reset: Lane?
            var endsDetours = false
            var isClosed = false

            /// What is to be done now: what happens once is taken away.
            mutating func take() -> Wishes {
                defer { (cut, reset, endsDetours) = (nil, nil, false) }
                return self
            }
        }

        /// Where the node finds the store.
        let port: Int
        private let wishes = Mutex(Wishes())
        private let wake: Int32

        /// - Parameter store: the port of the store.
        init(to store: Int) throws(LoadFailure) {
            wake = clinux_eventfd()
            guard wake >= 0 else { throw .system("eventfd") }
            let relay = try Relay(store: store, wake: wake)
            port = relay.port
            // Lives as long as the link is open.
            Thread.detachNewThread { [self] in
                clinux_name_thread("link")
                relay.run { wishes.withLock { $0.take() } }
            }
        }

        func set(_ condition: Condition) { change { $0.condition = condition } }
        func cut(_ cut: Cut) { change { $0.cut = cut } }
        func close() { change { $0.isClosed = true } }

        /// Redirects connections: existing ones are reset, new ones reach another port.
        /// - Parameter port: nil for a port without a listener.
        func redirect(_ lane: Lane, to port: Int?) { change { ($0.detour, $0.reset) = (port ?? 0, lane) } }

        /// Ends that: what led elsewhere is reset.
        func endRedirection() { change { ($0.detour, $0.endsDetours) = (nil, true) } }

        private func change(_ change: (inout Wishes) -> Void) {
            wishes.withLock { change(&$0) }
            var one: UInt64 = 1
            _ = write(wake, &one, 8)
        }

        /// One pair of connections.
        private struct Pair {
            let node: Int32
            let store: Int32
            let isDetour: Bool
            var hasWritten = false
            /// What was received and not yet passed on.
            var toStore: [UInt8] = []
            var toNode: [UInt8] = []
            var nodeEnded = false
            var storeEnded = false
        }

        /// `@unchecked Sendable`: made before the link's thread starts, and then used by that thread only.
        private final class Relay: @unchecked Sendable {
            private static let bufferLimit = 1 << 20
            let port: Int
            private let listener: Int32
            private let store: Int
            private let wake: Int32
            private var pairs: [Pair] = []

            init(store: Int, wake: Int32) throws(LoadFailure) {
                (listener, port) = try LoopbackSocket.listen()
                self.store = store
                self.wake = wake
            }

            func run(_ wishes: () -> Wishes) {
                var bytes = [UInt8](repeating: 0, count: 1 << 16)
                while true {
                    let wishes = wishes()
                    let condition = wishes.condition
                    if wishes.isClosed { break }
                    if let cut = wishes.cut { self.cut(cut) }
                    if let lane = wishes.reset { reset { lane == .all || $0.hasWritten == (lane == .writes) } }
                    if wishes.endsDetours { reset(\.isDetour) }
                    if condition == .refusing { self.cut(.reset) }
                    var polled = [
                        pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
                        pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
                    ]
                    for pair in pairs {
                        polled.append(
                            Self.interest(
                                pair.node, reads: !condition.stallsRequests && !pair.nodeEnded,
                                writes: !condition.stallsAnswers && !pair.toNode.isEmpty))
                        polled.append(
                            Self.interest(
                                pair.store, reads: !condition.stallsAnswers && !pair.storeEnded,
                                writes: !condition.stallsRequests && !pair.toStore.isEmpty))
                    }
                    guard poll(&polled, nfds_t(polled.count), -1) > 0 else { continue }
                    if polled[0].revents != 0 {
                        var count: UInt64 = 0
                        _ = read(wake, &count, 8)
                        continue
                    }
                    for index in pairs.indices {
                        move(index, polled[2 + 2 * index].revents, polled[3 + 2 * index].revents, &bytes)
                    }
                    if polled[1].revents != 0 { accept(to: condition == .refusing ? 0 : wishes.detour) }
                    removeEnded()
                }
                self.cut(.reset)
                Glibc.close(listener)
                Glibc.close(wake)
            }

            private static func interest(_ descriptor: Int32, reads: Bool, writes: Bool) -> pollfd {
                // A descriptor below 0 is passed over: otherwise the end of a connection that waits would spin.
                guard reads || writes else { return pollfd(fd: -1, events: 0, revents: 0) }
                return pollfd(
                    fd: descriptor, events: Int16((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)), revents: 0)
            }

            /// - Parameter detour: where to, if not to the store; 0 for nowhere.
            private func accept(to detour: Int?) {
                let node = Glibc.accept(listener, nil, nil)
                guard node >= 0 else { return }
                guard detour != 0, let store = try? ServerAddress.loopback(port: detour ?? store).connect() else {
                    Self.reset(node)
                    return
                }
                var yes: Int32 = 1
                setsockopt(node, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
                pairs.append(Pair(node: node, store: store, isDetour: detour != nil))
            }

            private func move(_ index: Int, _ node: Int16, _ store: Int16, _ bytes: inout [UInt8]) {
                if node & Int16(POLLIN | POLLHUP | POLLERR) != 0, !pairs[index].nodeEnded {
                    pairs[index].nodeEnded = !Self.receive(pairs[index].node, into: &pairs[index].toStore, &bytes)
                    if !pairs[index].hasWritten { pairs[index].hasWritten = Self.writes(pairs[index].toStore) }
                }
                if store & Int16(POLLIN | POLLHUP | POLLERR) != 0, !pairs[index].storeEnded {
                    pairs[index].storeEnded = !Self.receive(pairs[index].store, into: &pairs[index].toNode, &bytes)
                }
                if node & Int16(POLLOUT) != 0 { Self.send(&pairs[index].toNode, to: pairs[index].node) }
                if store & Int16(POLLOUT) != 0 { Self.send(&pairs[index].toStore, to: pairs[index].store) }
            }

            /// - Returns: false at the end of the connection.
            private static func receive(_ from: Int32, into buffer: inout [UInt8], _ bytes: inout [UInt8]) -> Bool {
                guard buffer.count < bufferLimit else { return true }
                let count = recv(from, &bytes, bytes.count, Int32(MSG_DONTWAIT))
                if count < 0 { return errno == EAGAIN || errno == EINTR }
                buffer += bytes[..<count]
                return count > 0
            }

            private static func send(_ buffer: inout [UInt8], to: Int32) {
                let count = buffer.withUnsafeBytes { LoopbackSocket.sendSome($0, to: to) }
                // A closed connection is noticed when reading.
                if count > 0 { buffer.removeFirst(count) } else if count < 0, errno != EAGAIN { buffer = [] }
            }

            /// Whether what is sent begins with a command that writes.
            private static func writes(_ bytes: [UInt8]) -> Bool {
                // `*4\r\n$5\r\nSETEX`: the command's name is in the third line, or where that would be.
                let beginning = String(decoding: bytes.prefix(24), as: UTF8.self)
                return ["\nSETEX\r", "\nSET\r", "\nEVAL"].contains { beginning.contains($0) }
            }

            private func reset(_ isMeant: (Pair) -> Bool) {
                for pair in pairs where isMeant(pair) {
                    Self.reset(pair.node)
                    Self.reset(pair.store)
                }
                pairs.removeAll(where: isMeant)
            }

            private func removeEnded() {
                pairs.removeAll { pair in
                    let isDone = pair.nodeEnded && pair.toStore.isEmpty || pair.storeEnded && pair.toNode.isEmpty
                    if isDone {
                        Glibc.close(pair.node)
                        Glibc.close(pair.store)
                    }
                    return isDone
                }
            }

            private func cut(_ cut: Cut) {
                switch cut {
                case .reset:
                    for pair in pairs {
                        Self.reset(pair.node)
                        Self.reset(pair.store)
                    }
                    pairs = []
                case .halfClosedToStore: for pair in pairs { shutdown(pair.store, Int32(SHUT_WR)) }
                case .halfClosedToNode: for pair in pairs { shutdown(pair.node, Int32(SHUT_WR)) }
                }
            }

            /// Ends a connection so that what was not yet read by the other side is lost.
            private static func reset(_ descriptor: Int32) {
                var linger = linger(l_onoff: 1, l_linger: 0)
                setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
                Glibc.close(descriptor)
            }
        }
    }

    extension FaultyLink.Condition {
        fileprivate var stallsRequests: Bool { self == .stalled || self == .requestsStalled }
        fileprivate var stallsAnswers: Bool { self == .stalled || self == .answersStalled }
    }
#endif
