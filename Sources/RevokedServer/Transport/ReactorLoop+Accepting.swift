#if os(Linux)
    import CLinux
    import Glibc
    import Logging
    import Synchronization

    extension ReactorLoop {
        private static let acceptsAtOnce = 64
        /// How long nothing is accepted where descriptors or memory are used up, in milliseconds.
        private static let acceptPause: Int64 = 1_000

        mutating func listen(_ listener: Listener) {
            _ = clinux_epoll_control(
                reactor.epoll, clinux_add, listener.descriptor, Reactor.readable, UInt64(listener.descriptor))
        }

        mutating func accept(from listener: Listener) {
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
            context.daemon.logger.error("cannot accept connections: out of descriptors or memory; trying again in 1 s")
            acceptsAgainAt = context.uptime + Self.acceptPause
            for listener in listeners {
                _ = clinux_epoll_control(reactor.epoll, clinux_remove, listener.descriptor, 0, 0)
            }
        }

        mutating func acceptAgain() {
            acceptsAgainAt = nil
            for listener in listeners { listen(listener) }
        }

        /// Takes over an accepted socket.
        mutating func adopt(_ descriptor: Int32, _ address: String, _ localAddress: String, _ isTCP: Bool) {
            let daemon = context.daemon
            if isTCP { Listener.prepareConnection(descriptor) }
            let id = daemon.clients.newID()
            let record = ClientRecord(
                id: id, address: address, localAddress: localAddress, connectedAt: daemon.clock.uptime(),
                context.mailbox, place: Int(descriptor)
            ) { [reactor] in reactor.post(.end(descriptor: descriptor, client: id)) }
            let standing = daemon.users.initial
            record.mustAuthenticate.store(!standing.user.isOpen, ordering: .relaxed)
            guard drainsUntil == nil, daemon.admit(record, context.counters) else {
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
            let connection = Connection(
                descriptor, ClientSession(client: record, as: standing, daemon: daemon),
                OutputPolicy(outputLimit: daemon.configuration.outputLimit), interest: Reactor.readable)
            connections[Int(descriptor)] = connection
            connectionCount += 1
            goOn(connection)
        }

        func discard(_ descriptor: Int32) {
            close(descriptor)
            reactor.load.wrappingSubtract(1, ordering: .relaxed)
        }
    }
#endif
