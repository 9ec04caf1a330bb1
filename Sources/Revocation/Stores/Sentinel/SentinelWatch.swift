import NIOCore
import NIOPosix
import Synchronization

/// Asks all sentinels of a primary at intervals, and keeps the result (``PrimaryLease``). Starts with the first call of
/// ``locate(on:)``.
///
/// `@unchecked Sendable`: mutable state is used on `loop` only, except what a mutex guards.
final class SentinelWatch: @unchecked Sendable, CustomStringConvertible {
    /// How often the sentinels are asked, and how long they have to answer.
    static let interval = Duration.milliseconds(500)

    private let loop: any EventLoop
    private let name: String
    private let interval: TimeAmount
    private let bootClock: @Sendable () -> ContinuousClock.Instant
    private let links: [SentinelLink]
    private let lease: Mutex<PrimaryLease>

    private var isClosed = false
    private var isAsking = false
    private let timer = LoopTimer()
    private var waiting: [EventLoopPromise<Void>] = []

    init(
        _ sentinels: [StoreURL.Location], name: String, encryption: StoreEncryption?,
        interval: Duration = SentinelWatch.interval, bootClock: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        precondition(!sentinels.isEmpty, "there is at least one sentinel")
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        self.loop = loop
        self.name = name
        self.interval = TimeAmount(interval)
        self.bootClock = bootClock
        links = sentinels.map { SentinelLink($0, encryption: encryption, loop: loop) }
        lease = Mutex(PrimaryLease(sentinelCount: sentinels.count, interval: interval))
    }

    var description: String { "\(name) of \(links.map(\.sentinel.description).joined(separator: ","))" }

    /// The primary. Asks the sentinels if none is confirmed.
    func locate(on loop: any EventLoop) -> EventLoopFuture<StoreURL.Location> {
        self.loop.flatSubmit { [self] in
            if location != nil { return self.loop.makeSucceededVoidFuture() }
            let promise = self.loop.makePromise(of: Void.self)
            waiting.append(promise)
            ask()
            return promise.futureResult
        }.hop(to: loop).flatMapThrowing { [self] in
            guard let location else { throw lease.withLock { $0.failure } }
            return location
        }
    }

    /// The primary; nil if none is confirmed.
    var location: StoreURL.Location? {
        let now = bootClock()
        return lease.withLock { $0.location(at: now) }
    }

    /// Why a server must not be sent anything now; nil if it may.
    func objection(to location: StoreURL.Location, for purpose: StoreConnection.Purpose) -> StoreFailure? {
        let now = bootClock()
        return lease.withLock { $0.objection(to: location, for: purpose, at: now) }
    }

    func close() {
        loop.execute { [self] in
            isClosed = true
            timer.cancel()
            for link in links { link.close() }
            resumeWaiters()
        }
    }

    private func ask() {
        guard !isAsking, !isClosed else { return isClosed ? resumeWaiters() : () }
        isAsking = true
        timer.cancel()
        let (askedAt, begunAt) = (bootClock(), NIODeadline.now())
        let words = links.map { $0.ask(SentinelWord.commands(name), until: begunAt + interval) }
        EventLoopFuture.whenAllSucceed(words, on: loop).whenSuccess { [self] words in
            isAsking = false
            lease.withLock { $0.heard(words, askedAt: askedAt) }
            resumeWaiters()
            guard !isClosed else { return }
            timer.set(on: loop, in: begunAt + interval - .now()) { [weak self] in self?.ask() }
        }
    }

    private func resumeWaiters() {
        for promise in waiting { promise.succeed() }
        waiting = []
    }
}

/// The kept connection to one sentinel.
///
/// `@unchecked Sendable`: the channel is used on `loop` only.
private final class SentinelLink: @unchecked Sendable {
    let sentinel: StoreURL.Location
    private let encryption: StoreEncryption?
    private let loop: any EventLoop
    private var channel: (any Channel)?
    private var isClosed = false

    init(_ sentinel: StoreURL.Location, encryption: StoreEncryption?, loop: any EventLoop) {
        self.sentinel = sentinel
        self.encryption = encryption
        self.loop = loop
    }

    func ask(_ commands: [Command], until deadline: NIODeadline) -> EventLoopFuture<SentinelWord> {
        open(until: deadline).flatMap { channel in
            StoreChannelHandler.call(commands, on: channel, timeout: max(.milliseconds(1), deadline - .now()))
        }.map { SentinelWord($0) }
            .flatMapErrorThrowing { [self] _ in
                disconnect()
                return .silent
            }
    }

    /// Closes it for good.
    func close() {
        isClosed = true
        disconnect()
    }

    private func disconnect() {
        channel?.close(promise: nil)
        channel = nil
    }

    private func open(until deadline: NIODeadline) -> EventLoopFuture<any Channel> {
        if let channel, channel.isActive { return loop.makeSucceededFuture(channel) }
        return StoreChannelHandler.connect(
            to: sentinel, on: loop, encryption: encryption, timeout: max(.milliseconds(1), deadline - .now())
        ).flatMapThrowing { [self] channel in
            guard !isClosed else {
                channel.close(promise: nil)
                throw StoreFailure.closed
            }
            self.channel = channel
            return channel
        }
    }
}
