#if os(Linux)
    import Glibc
    import Logging
    import Synchronization
    import Threads

    /// Reactors on threads of their own, and one set of listening sockets whose connections go to the least loaded.
    final class EpollTransport: Transport {
        private let daemon: Daemon
        private let reactors = Mutex([Reactor]())
        private let running = Atomic(0)
        private let ended = AsyncStream<Void>.makeStream()

        init(_ daemon: Daemon) { self.daemon = daemon }

        func start() async throws(ServerError) -> [Endpoint] {
            let listeners = try listen()
            let threads = daemon.configuration.threads
            var made: [Reactor] = []
            do {
                for _ in 0..<(threads > 0 ? threads : Self.cores()) { made.append(try Reactor(daemon)) }
            } catch {
                for listener in listeners { listener.end() }
                throw error
            }
            let all = made
            reactors.withLock { $0 = all }
            daemon.observeLog { for reactor in all { reactor.logDidAdvance() } }
            running.store(all.count, ordering: .relaxed)
            do {
                for (index, reactor) in all.enumerated() {
                    try SystemThread.start("reactor \(index)") { [self] in
                        var loop = ReactorLoop(reactor, peers: all, listeners: index == 0 ? listeners : [])
                        loop.run()
                        if running.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
                            ended.continuation.finish()
                        }
                    }
                }
            } catch { throw ServerError(.noResources, "\(error)") }
            return listeners.map(\.endpoint)
        }

        func waitForEveryThread() async {
            for reactor in reactors.withLock({ $0 }) {
                let (answer, caller) = AsyncStream<Void>.makeStream()
                reactor.post(.answer(caller))
                for await _ in answer {}
            }
        }

        func stop() async {
            for reactor in reactors.withLock({ $0 }) { reactor.post(.drain) }
            for await _ in ended.stream {}
        }

        private func listen() throws(ServerError) -> [Listener] {
            var listeners: [Listener] = []
            do throws(ServerError) {
                var port = daemon.configuration.port
                let addresses = daemon.configuration.servesPlainPort ? daemon.configuration.bind : []
                for address in addresses.map(BindAddress.init) {
                    for listener in try listen(on: address, port) {
                        listeners.append(listener)
                        // A free port is asked for once, for all addresses.
                        if case .tcp(_, let taken) = listener.endpoint { port = taken }
                    }
                }
                guard !listeners.isEmpty || addresses.isEmpty else { throw ServerError.noAddress }
                if let path = daemon.configuration.unixSocket { listeners.append(try Listener.unix(path: path)) }
            } catch {
                for listener in listeners { listener.end() }
                throw error
            }
            return listeners
        }

        private func listen(on address: BindAddress, _ port: Int) throws(ServerError) -> [Listener] {
            do throws(ServerError) { return try Listener.tcp(address, port: port) } catch {
                guard address.isOptional, error.code == .noResources else { throw error }
                daemon.logger.info("not listening on \(address.host): this machine does not have it")
                return []
            }
        }

        private static func cores() -> Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
    }
#endif
