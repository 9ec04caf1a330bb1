#if os(Linux)
    import CLinux
    import Foundation
    import Glibc
    import Synchronization

    /// Many followers on one thread, as the daemon sees them: each has a stream and a connection for leases, applies
    /// what it is sent to a table of its own, says so, and renews its lease four times in its length. Of many only the
    /// first ones apply; the others count, because their work would take the processor from the daemon that is
    /// measured. For the same reason they use a Unix socket (over loopback the sender does the receiver's work), and
    /// only the first is waited for: the others are sent the same at the same time.
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

        /// How many apply what they are sent.
        private static let applying = 3
        /// For how long the others are read again once data has arrived for the first, in nanoseconds.
        private static let patience: Int64 = 2_000_000
        /// Between two attempts to read while no data has arrived, in microseconds.
        private static let pause: UInt32 = 20

        /// Returns when each of them holds a lease.
        /// - Parameter path: the daemon's Unix socket.
        init(_ count: Int, at path: String) async throws {
            guard count > 0 else {
                hasEnded.store(true, ordering: .relaxed)
                return
            }
            var members: [CrowdMember] = []
            for number in 0..<count {
                members.append(
                    try CrowdMember(
                        number, path: path, applies: number < Self.applying,
                        lag: Self.interval * Int64(number) / Int64(count)))
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
            clinux_precise_timers()
            var poll = InputPoll()
            try poll.add(members[0].stream, as: 0)
            var buffer = [UInt8](repeating: 0, count: 1 << 18)
            while !isEnding.load(ordering: .relaxed) {
                var change = Figures()
                let now = clinux_time()
                for member in members where member.nextRenewal <= now {
                    try member.renew(at: now, every: Self.interval, &buffer, &change)
                }
                var isFed = false
                try poll.wait(milliseconds: 5) { (_) throws(LoadFailure) in isFed = true }
                try read(members, until: isFed ? clinux_time() + Self.patience : 0, &buffer, &change)
                figuresOfAll.withLock { figures in
                    figures.grants += change.grants
                    figures.refusals += change.refusals
                    figures.streamed += change.streamed
                }
            }
        }

        /// Reads what each has been sent: what the first has, the others get soon.
        /// - Parameter end: until then the others are looked at again.
        private func read(
            _ members: [CrowdMember], until end: Int64, _ buffer: inout [UInt8], _ change: inout Figures
        ) throws(LoadFailure) {
            var missing = members
            while true {
                let before = missing.count
                var others: [CrowdMember] = []
                for member in missing {
                    try member.read(&buffer, &change)
                    if member.applied < members[0].applied { others.append(member) }
                }
                missing = others
                guard !missing.isEmpty, clinux_time() < end else { return }
                // The daemon may have no other processor.
                if missing.count == before { usleep(Self.pause) }
            }
        }
    }
#endif
