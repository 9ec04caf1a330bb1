#if os(Linux)
    import CLinux
    import Foundation
    import Glibc
    import Synchronization

    /// Many followers on one thread, as the daemon sees them: each has a stream and a connection for leases, applies
    /// what it is sent to a table of its own, says so, and renews its lease four times in its length. Of many only the
    /// first ones apply; the others count, because their work would take the processor from the daemon that is
    /// measured. For the same reason they come over a Unix socket: over loopback who sends does the work of who
    /// receives.
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

        private static let eventsAtOnce = 64

        private let figuresOfAll = Mutex(Figures())
        private let isEnding = Atomic(false)
        private let hasEnded = Atomic(false)

        /// How many apply what they are sent.
        private static let applying = 30

        /// Returns when each of them holds a lease.
        /// - Parameter path: the daemon's Unix socket.
        init(_ count: Int, at path: String) async throws {
            guard count > 0 else {
                hasEnded.store(true, ordering: .relaxed)
                return
            }
            var members: [CrowdMember] = []
            for number in 0..<count {
                members.append(try CrowdMember(number, path: path, applies: number < Self.applying))
            }
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
            let epoll = clinux_epoll_create()
            defer { close(epoll) }
            for (index, member) in members.enumerated() {
                for (side, descriptor) in [member.stream.descriptor, member.leases.descriptor].enumerated() {
                    guard
                        clinux_epoll_control(
                            epoll, clinux_add, descriptor, UInt32(CLINUX_READABLE), UInt64(2 * index + side)) == 0
                    else { throw LoadFailure(message: "a follower's connection cannot be waited for") }
                }
            }
            var events = [clinux_event](repeating: clinux_event(), count: Self.eventsAtOnce)
            var buffer = [UInt8](repeating: 0, count: 1 << 18)
            while !isEnding.load(ordering: .relaxed) {
                let now = clinux_time()
                for member in members where member.nextRenewal <= now {
                    try member.renew(at: now, every: Self.interval)
                }
                let ready = Int(clinux_epoll_wait(epoll, &events, Int32(Self.eventsAtOnce), 5))
                guard ready > 0 else { continue }
                var change = Figures()
                for event in events.prefix(ready) {
                    let member = members[Int(event.value / 2)]
                    let isAnswer = event.value & 1 == 1
                    let connection = isAnswer ? member.leases : member.stream
                    let count = recv(connection.descriptor, &buffer, buffer.count, 0)
                    guard count > 0 else { throw LoadFailure(message: "the daemon ended a follower") }
                    if isAnswer {
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
