#if os(Linux)
    import CLinux
    import Foundation
    import Glibc
    import Synchronization

    /// Many followers on one thread, as the daemon sees them: each has a stream and a connection for leases, applies
    /// what it is sent to a table of its own, says so, and renews its lease four times in its length.
    final class FollowerCrowd: Sendable {
        struct Figures: Sendable {
            /// Leases that were granted, and answers without one.
            var grants = 0
            var refusals = 0
            /// Bytes of streams, behind the copies.
            var streamed = 0
            fileprivate var failure: LoadFailure?
        }

        /// Between two renewals, in nanoseconds: a quarter of the default lease.
        private static let interval: Int64 = 75_000_000

        private let figuresOfAll = Mutex(Figures())
        private let isEnding = Atomic(false)
        private let hasEnded = Atomic(false)

        /// Returns when each of them holds a lease.
        init(_ count: Int, of server: BenchServer) async throws {
            guard count > 0 else {
                hasEnded.store(true, ordering: .relaxed)
                return
            }
            var members: [CrowdMember] = []
            for number in 0..<count { members.append(try CrowdMember(number, port: server.port)) }
            let handle = Handle(members)
            Thread.detachNewThread { [self] in
                do throws(LoadFailure) { try run(handle.members) } catch {
                    figuresOfAll.withLock { $0.failure = error }
                }
                hasEnded.store(true, ordering: .releasing)
            }
            let end = ContinuousClock.now + .seconds(60)
            while figures.grants < 2 * count {
                if let failure = figures.failure { throw failure }
                guard ContinuousClock.now < end else { throw LoadFailure(message: "followers get no leases") }
                try await Task.sleep(for: .milliseconds(10))
            }
        }

        /// `@unchecked Sendable`: the members belong to the one thread that they are handed to.
        private final class Handle: @unchecked Sendable {
            let members: [CrowdMember]
            init(_ members: [CrowdMember]) { self.members = members }
        }

        var figures: Figures { figuresOfAll.withLock { $0 } }

        /// - Throws: what one of them met.
        func end() async throws {
            isEnding.store(true, ordering: .relaxed)
            while !hasEnded.load(ordering: .acquiring) { try await Task.sleep(for: .milliseconds(1)) }
            if let failure = figures.failure { throw failure }
        }

        private func run(_ members: [CrowdMember]) throws(LoadFailure) {
            var events = members.flatMap { member in
                [member.stream.descriptor, member.leases.descriptor].map {
                    pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
                }
            }
            var buffer = [UInt8](repeating: 0, count: 1 << 18)
            while !isEnding.load(ordering: .relaxed) {
                let now = clinux_time()
                for member in members where member.nextRenewal <= now {
                    try member.renew(at: now, every: Self.interval)
                }
                guard poll(&events, nfds_t(events.count), 5) > 0 else { continue }
                var change = Figures()
                for index in events.indices where events[index].revents != 0 {
                    let count = recv(events[index].fd, &buffer, buffer.count, 0)
                    guard count > 0 else { throw LoadFailure(message: "the daemon ended a follower") }
                    let member = members[index / 2]
                    if index & 1 == 1 {
                        member.answered(buffer[..<count], &change)
                    } else {
                        try member.read(buffer.span.bytes.extracting(first: count), &change)
                    }
                }
                figuresOfAll.withLock { figures in
                    figures.grants += change.grants
                    figures.refusals += change.refusals
                    figures.streamed += change.streamed
                }
            }
        }
    }
#endif
