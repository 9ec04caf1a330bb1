#if os(Linux)
    import CLinux
    import Foundation
    import Glibc
    import Synchronization

    /// Many clients on one thread that are sent messages and read them. They stand for clients on other machines: their
    /// thread has the lowest priority, and they use a Unix socket, because over loopback the sender does the receiver's
    /// work.
    final class ListenerCrowd: Sendable {
        private struct State {
            /// How many were answered.
            var answered = 0
            var bytes = 0
            var failure: LoadFailure?
        }

        /// Between two looks at what has arrived, in microseconds.
        private static let interval: UInt32 = 5_000

        private let state = Mutex(State())
        private let isEnding = Atomic(false)
        private let hasEnded = Atomic(false)

        /// `@unchecked Sendable`: the connections belong to the one thread that they are handed to.
        private final class Handle: @unchecked Sendable {
            let connections: [ControlConnection]
            init(_ connections: [ControlConnection]) { self.connections = connections }
        }

        /// Returns when each was answered.
        /// - Parameters:
        ///   - path: the server's Unix socket.
        ///   - commands: that each of them sends.
        init(_ count: Int, at path: String, _ commands: [[String]]) async throws {
            var connections: [ControlConnection] = []
            for _ in 0..<count {
                let connection = try ControlConnection(path: path)
                try connection.send(commands.map { RESPText.request($0) }.joined())
                connections.append(connection)
            }
            let handle = Handle(connections)
            Thread.detachNewThread { [self] in
                do throws(LoadFailure) { try run(handle.connections) } catch {
                    state.withLock { $0.failure = error }
                }
                hasEnded.store(true, ordering: .releasing)
            }
            let end = ContinuousClock.now + .seconds(60)
            while state.withLock({ $0.answered }) < count {
                if let failure = state.withLock({ $0.failure }) { throw failure }
                guard ContinuousClock.now < end else { throw LoadFailure(message: "clients are not answered") }
                try await Task.sleep(for: .milliseconds(10))
            }
        }

        /// What they have been sent.
        var bytes: Int { state.withLock { $0.bytes } }

        /// - Throws: what one of them met.
        func end() async throws {
            isEnding.store(true, ordering: .relaxed)
            while !hasEnded.load(ordering: .acquiring) { try await Task.sleep(for: .milliseconds(1)) }
            if let failure = state.withLock({ $0.failure }) { throw failure }
        }

        private func run(_ connections: [ControlConnection]) throws(LoadFailure) {
            guard clinux_run_when_idle() == 0 else { throw .system("sched_setscheduler") }
            var poll = InputPoll()
            for (number, connection) in connections.enumerated() { try poll.add(connection, as: number) }
            var isAnswered = [Bool](repeating: false, count: connections.count)
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while !isEnding.load(ordering: .relaxed) {
                var (answered, bytes) = (0, 0)
                // Asleep in between, not woken by each message: that would be work of the server's machine.
                usleep(Self.interval)
                var ready = 1
                while ready > 0, !isEnding.load(ordering: .relaxed) {
                    ready = try poll.wait(milliseconds: 0) { (number) throws(LoadFailure) in
                        let count = recv(connections[number].descriptor, &buffer, buffer.count, 0)
                        guard count > 0 else { throw LoadFailure(message: "the server ended a client that listens") }
                        bytes += count
                        if !isAnswered[number] { answered += 1 }
                        isAnswered[number] = true
                    }
                }
                state.withLock { state in
                    state.answered += answered
                    state.bytes += bytes
                }
            }
        }
    }
#endif
