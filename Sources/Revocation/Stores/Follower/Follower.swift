import Contract
import Denylist
import Logging
import NIOCore
import NIOPosix
import Replication
import Synchronization

/// A copy of the daemon's revocations in this process, and the lease under which it answers checks (Following.md).
///
/// The copy is fed by one connection, and the lease renewed on another. Both are on an event loop of their own, so a
/// long copy keeps no request waiting.
///
/// There is no weak reference to it: each check would count its own in a table beside the object. Its tasks hold it
/// until ``close()`` or ``closeSoon()``.
///
/// `@unchecked Sendable`: mutable state is used on `loop` only, except what is atomic or behind a lock.
final class Follower: @unchecked Sendable {
    /// What another connection to the store knows of it.
    struct StoreFacts: Sendable {
        /// nil if nobody needs it: no verdict is clear then.
        let clock: StoreClock?
        let guardedPrefix: String?
    }

    /// Memory that a copy takes at least.
    static let leastBytes = 1 << 20
    /// Slots that are examined at each renewal, to reclaim what has expired.
    private static let reclaimedSlots = 8_192
    /// Bytes of a copy after which the table prepares memory for as many more.
    private static let preparedBytes = 4 << 20
    /// The daemon says something at least every 10 s.
    private static let longestSilence = TimeAmount.seconds(30)
    /// Until a copy that cannot be made is tried again.
    private static let longPause = TimeAmount.minutes(10)
    private static let refusalPause = TimeAmount.minutes(1)

    let published = PublishedLease()
    /// For who passes commands on (``FollowedCopy``).
    let grounds = LeaseGrounds()
    /// nil while nothing is proven of the copy.
    let proof = Mutex<CopyProof?>(nil)
    /// Read by checks, which hold this object while they do.
    let table: Denylist
    let status = Mutex(Status())
    let loop: any EventLoop

    private let group: MultiThreadedEventLoopGroup
    private let location: StoreURL.Location
    private let access: StoreURL.Access
    private let encryption: StoreEncryption?
    private let connectTimeout: TimeAmount
    private let prefix: String
    private let bootClock: @Sendable () -> ContinuousClock.Instant
    private let facts: @Sendable () -> StoreFacts?
    private let logger: Logger
    let metrics: FollowerMetrics

    /// Tells this process from others of its host, for as long as it runs.
    private let name = "revoked-\(Follower.digits(UInt64.random(in: .min ... .max)).prefix(8))"

    /// Hears of what arrives. Set before ``start()``.
    var observer: (any CopyObserver)?
    /// A whole copy has been begun, and the observer has not heard of it.
    private var isReplaced = false
    private var unpreparedBytes = 0

    private var lease = HeldLease()
    private var stream: Stream?
    /// Whether the copy is complete, and goes on.
    private var isFollowing = false
    /// Of the copy in the table, while there is none on its way.
    private var position: StreamIn.Position?
    private var channel: (any Channel)?
    /// The name of the stream's connection, which only its follower knows.
    private var secret = ""
    private var backoff = Backoff()
    private let retry = LoopTimer()
    private var heardAt = NIODeadline.distantPast
    private var watchdog: RepeatedTask?
    private var renewals: LeaseRenewals?
    private var isClosed = false
    private let hasClosed = Atomic(false)
    private var saidThat: String?

    /// - Parameter facts: nil until the store is known by another connection: then no check is answered here.
    init(
        _ location: StoreURL.Location, _ access: StoreURL.Access, encryption: StoreEncryption?,
        configuration: RevocationConfiguration, maximumBytes: Int, logger: Logger,
        facts: @escaping @Sendable () -> StoreFacts?
    ) {
        var settings = Denylist.Configuration()
        prefix = configuration.namespace.prefix
        settings.guardedPrefix = Array(prefix.utf8)
        settings.compactPrefixes = Self.compactPrefixes(configuration)
        settings.maximumBytes = maximumBytes
        table = Denylist(settings)
        self.location = location
        self.access = access
        self.encryption = encryption
        self.facts = facts
        self.logger = logger
        connectTimeout = TimeAmount(configuration.connectTimeout)
        bootClock = configuration.bootClock
        metrics = FollowerMetrics()
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        loop = group.next()
    }

    private static func compactPrefixes(_ configuration: RevocationConfiguration) -> [[UInt8]] {
        let beginnings = [""] + configuration.issuers.compactMap { $0.label.map { "\($0):" } }
        return beginnings.flatMap { label in
            [Scope.Kind.token, .session].map { Array("\(configuration.namespace.prefix)\(label)\($0.word):".utf8) }
        }
    }

    var now: Int64 { SentTime(bootClock()).milliseconds }

    // MARK: Beginning and end

    func start() {
        loop.execute { [self] in
            renewals = LeaseRenewals(self, location, access, encryption, timeout: connectTimeout)
            watchdog = loop.scheduleRepeatedTask(initialDelay: .seconds(5), delay: .seconds(5)) { [self] _ in
                endIfSilent()
            }
            connect()
        }
    }

    /// Gives the lease back, and ends.
    func close() async {
        guard !hasClosed.exchange(true, ordering: .relaxed) else { return }
        await end()
    }

    private func end() async {
        try? await loop.flatSubmit { [self] in
            isClosed = true
            retry.cancel()
            watchdog?.cancel()
            endCopy()
            return (renewals?.close(secret) ?? loop.makeSucceededVoidFuture()).map { [self] in
                channel?.close(promise: nil)
                renewals = nil
            }
        }.get()
        try? await group.shutdownGracefully()
    }

    /// For a list that was not closed. Does nothing after ``close()``.
    func closeSoon() {
        guard !hasClosed.exchange(true, ordering: .relaxed) else { return }
        Task { await end() }
    }

    private func connect() {
        guard !isClosed else { return }
        set { if $0.state != .tooLarge { $0.state = .connecting } }
        secret = (0..<2).map { _ in UInt64.random(in: .min ... .max) }.map { Self.digits($0) }.joined()
        let handshake =
            Handshake.entrance(access).map { ($0, true) } + [
                (Command("CLIENT", "SETNAME", name), false),
                (Command("REPLCONF", "follower", secret), true), (Command("REPLCONF", "capa", "psync2"), true),
            ]
        StoreChannelHandler.connect(to: location, on: loop, encryption: encryption, timeout: connectTimeout) { [self] in
            FollowerStreamHandler(self, handshake)
        }.whenComplete { [self] result in
            switch result {
            case .success(let channel):
                self.channel = channel
                heardAt = .now()
                if isClosed { channel.close(promise: nil) }
            case .failure: streamEnded(nil)
            }
        }
    }

    private static func digits(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private func endIfSilent() {
        if let channel, heardAt + Self.longestSilence < .now() { channel.close(promise: nil) }
    }

    // MARK: The stream

    /// - Returns: what `PSYNC` asks for.
    func beginStream() -> (stretch: String, offset: String) {
        stream = Stream(StreamIn(table, at: position, observer: observer))
        return StreamIn.request(from: position)
    }

    /// Applies what has arrived.
    /// - Returns: how far the copy is; nil while it is not complete, or no further than before.
    func read(_ bytes: RawSpan) throws(StreamError) -> StreamIn.Position? {
        heardAt = .now()
        guard let stream else { return nil }
        stream.input.append(bytes)
        var hasMoved = false
        while let event = try stream.input.next() {
            switch event {
            case .copies:
                endCopy()
                isReplaced = true
                forgetCopy()
                stream.input.copy(into: table)
                set {
                    $0.state = .copying
                    $0.copies += 1
                }
                metrics.copied()
            case .resumes:
                hasMoved = true
                // Before the records that follow: they may be of a daemon whose guarded time is another.
                if let position = stream.input.position { lease.applied(position, at: now) }
                publishProof()
            case .empties(let end):
                // Before the next event, which empties the table.
                lease.willEmpty(until: end)
                publish()
            case .applied: hasMoved = true
            }
        }
        if !stream.input.isComplete { prepare(for: bytes.byteCount) }
        guard hasMoved, stream.input.isComplete, let position = stream.input.position else { return nil }
        self.position = position
        isFollowing = true
        // Readers on other threads see what was applied before the daemon is told that it was.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        lease.applied(position, at: now)
        publish()
        if isReplaced {
            isReplaced = false
            observer?.replaced()
        }
        if status.withLock({ $0.state }) != .following {
            set { $0.state = .following }
            saidThat = nil
            backoff.reset()
            logger.info("the copy of the denylist is complete: checks are answered from it")
            renewals?.begin()
        }
        return position
    }

    /// The table of a copy that grows has huge pages from the start, and no more of them than it needs at the end.
    private func prepare(for count: Int) {
        unpreparedBytes += count
        guard unpreparedBytes >= Self.preparedBytes else { return }
        unpreparedBytes = 0
        table.reclaim(slots: 0, at: ClockReading(wall: 0, guarded: 0))
    }

    /// - Parameter error: nil if the connection was lost.
    func streamEnded(_ error: StreamError?) {
        loop.assertInEventLoop()
        guard !isClosed else { return }
        channel = nil
        stream = nil
        endCopy()
        var random = SystemRandomNumberGenerator()
        var pause = TimeAmount(backoff.next(using: &random))
        switch error {
        // A daemon that reads its log answers soon, as one that is away does.
        case nil, .refused("LOADING"): set { if $0.state != .tooLarge { $0.state = .connecting } }
        case .damaged(let reason):
            forgetCopy()
            pause = max(pause, .seconds(1))
            say("the copy of the denylist is given up, and made anew: \(reason)")
        case .full, .tooLarge:
            forgetCopy()
            pause = Self.longPause
            set { $0.state = .tooLarge }
            say(
                "the copy of the denylist takes more memory than it may: checks are asked over the wire until it fits "
                    + "(--checks-memory, or --maxmemory of serve --follow)")
        case .refused(let word):
            pause = Self.refusalPause
            set { $0.state = .refused(word) }
            say(
                "the store cannot be followed, and checks are asked over the wire: it answered \(word) (Following.md "
                    + "says what a follower's user needs)")
        }
        retry.set(on: loop, in: pause) { [self] in connect() }
    }

    private func forgetCopy() {
        position = nil
        lease.forgetCopy()
        publish()
        table.lockAll { $0.removeAll() }
    }

    private func endCopy() {
        isFollowing = false
        lease.endCopy()
        publish()
    }

    // MARK: The lease

    /// What a renewal names: the stream's connection, and how far the copy is; nil while it is not complete.
    var renewal: (secret: String, offset: UInt64)? {
        guard isFollowing, let position else { return nil }
        return (secret, position.offset)
    }

    /// - Parameter secret: of the stream that the lease was asked for.
    func granted(_ grant: LeaseGrant, for secret: String, sentAt: Int64) {
        guard secret == self.secret, !isClosed else { return }
        let receivedAt = now
        lease.granted(grant, sentAt: sentAt, receivedAt: receivedAt)
        let behind = position.map { grant.position.offset > $0.offset ? grant.position.offset - $0.offset : 0 } ?? 0
        set {
            $0.grants += 1
            $0.behind = behind
            $0.refusal = ""
        }
        publish()
        metrics.granted(isHeld: published.isHeld, behind: behind, bytes: table.statistics.bytes)
        let guarded = grant.guarded
        table.reclaim(slots: Self.reclaimedSlots, at: ClockReading(wall: guarded, guarded: guarded))
    }

    /// - Parameter reason: the daemon's words.
    func refused(_ reason: String) {
        set { $0.refusal = reason }
        publish()
        metrics.granted(isHeld: published.isHeld, behind: 0, bytes: table.statistics.bytes)
    }

    private func publish() {
        publishProof()
        // An epoch may come with the one that it replaces (``Epoch/Identity``): whoever has pinned it believes it.
        guard let term = lease.term(at: now), let identity = Epoch.Identity(term.epoch),
            let epoch = EpochWords(identity.epoch), let facts = facts(), facts.guardedPrefix == prefix
        else { return published.publish(nil) }
        let agreement = facts.clock?.agreement ?? (0..<0, .min)
        grounds.publish(term)
        published.publish(
            .init(
                lease: LeaseReading(term), guardedOffset: term.guardedOffset,
                storeOffset: facts.clock?.time(at: 0).upperBound ?? 0, lead: agreement.lead,
                leadUntil: agreement.until, epoch: epoch))
    }

    private func publishProof() {
        guard let completeness = lease.completeness else { return proof.withLock { $0 = nil } }
        // What is known of the store's clock stays when it is away.
        guard let facts = facts(), facts.guardedPrefix == prefix, let clock = facts.clock else {
            return proof.withLock { if $0?.completeness.copy != completeness.copy { $0?.completeness = completeness } }
        }
        let new = CopyProof(
            completeness: completeness, storeOffset: clock.time(at: 0).upperBound, lead: clock.agreement.lead)
        proof.withLock { if $0?.completeness != completeness { $0 = new } }
    }

    /// Of one connection.
    private final class Stream {
        var input: StreamIn

        init(_ input: consuming StreamIn) { self.input = input }
    }

    // MARK: What is said

    private func set(_ change: (inout Status) -> Void) { status.withLock { change(&$0) } }

    /// Not again for each further attempt that ends alike.
    private func say(_ warning: String) {
        guard saidThat != warning else { return }
        saidThat = warning
        logger.warning("\(warning)")
    }
}
