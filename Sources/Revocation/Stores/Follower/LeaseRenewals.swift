import NIOCore
import Replication

/// Renews a follower's lease on a connection of its own, four times in a lease's length. Used on the follower's event
/// loop only.
///
/// `@unchecked Sendable`: as the follower.
final class LeaseRenewals: @unchecked Sendable {
    /// Between two renewals while no lease is granted.
    private static let idle = TimeAmount.seconds(1)
    /// While the copy is not complete, or the daemon does not know the stream yet.
    private static let soon = TimeAmount.milliseconds(100)
    /// What is waited for a lease to be given back.
    private static let farewell = TimeAmount.milliseconds(500)

    private unowned let owner: Follower
    private let location: StoreURL.Location
    private let access: StoreURL.Access
    private let encryption: StoreEncryption?
    private let timeout: TimeAmount
    private let loop: any EventLoop
    private var channel: (any Channel)?
    private let next = LoopTimer()
    private var isAsking = false
    private var isClosed = false
    private var backoff = Backoff()

    init(
        _ owner: Follower, _ location: StoreURL.Location, _ access: StoreURL.Access, _ encryption: StoreEncryption?,
        timeout: TimeAmount
    ) {
        self.owner = owner
        self.location = location
        self.access = access
        self.encryption = encryption
        self.timeout = timeout
        loop = owner.loop
    }

    /// The copy is complete.
    func begin() { schedule(in: .nanoseconds(0)) }

    /// - Parameter secret: of the stream whose lease is given back.
    func close(_ secret: String) -> EventLoopFuture<Void> {
        isClosed = true
        next.cancel()
        guard let channel, channel.isActive else { return loop.makeSucceededVoidFuture() }
        return StoreChannelHandler.call([Command("LEASE", "RELEASE", secret)], on: channel, timeout: Self.farewell)
            .map { _ in }.recover { _ in }
            .map { channel.close(promise: nil) }
    }

    private func schedule(in delay: TimeAmount) {
        guard !isClosed, !isAsking else { return }
        next.set(on: loop, in: delay) { [self] in renew() }
    }

    private func renew() {
        guard !isClosed, !isAsking else { return }
        // It begins again when the copy is complete.
        guard let renewal = owner.renewal else { return }
        isAsking = true
        let begun = NIODeadline.now()
        open().flatMap { [self] channel in
            let sentAt = owner.now
            let command = Command("LEASE", "RENEW", renewal.secret, "\(renewal.offset)")
            return StoreChannelHandler.call([command], on: channel, timeout: timeout).map { ($0, sentAt: sentAt) }
        }.whenComplete { [self] result in
            isAsking = false
            guard !isClosed else { return }
            let pause = conclude(result, renewal.secret)
            schedule(in: max(.milliseconds(1), begun + pause - .now()))
        }
    }

    /// - Returns: the time from this renewal to the next.
    private func conclude(_ result: Result<([Reply], sentAt: Int64), any Error>, _ secret: String) -> TimeAmount {
        do {
            let (replies, sentAt) = try result.get()
            let answer = try LeaseAnswer(replies.first ?? .null)
            backoff.reset()
            switch answer {
            case .granted(let grant):
                owner.granted(grant, for: secret, sentAt: sentAt)
                return .milliseconds(max(1, grant.length / 4))
            case .none(let reason):
                owner.refused(reason)
                return Self.idle
            case .unknownStream: return Self.soon
            case .error(let word):
                owner.refused("it answered \(word)")
                return Self.idle
            }
        } catch {
            owner.refused("the daemon does not answer")
            disconnect()
            var random = SystemRandomNumberGenerator()
            return TimeAmount(backoff.next(using: &random))
        }
    }

    private func disconnect() {
        channel?.close(promise: nil)
        channel = nil
    }

    private func open() -> EventLoopFuture<any Channel> {
        if let channel, channel.isActive { return loop.makeSucceededFuture(channel) }
        let entrance = Handshake.entrance(access)
        return StoreChannelHandler.connect(to: location, on: loop, encryption: encryption, timeout: timeout)
            .flatMap { [self] channel in
                guard !entrance.isEmpty else { return loop.makeSucceededFuture(channel) }
                return StoreChannelHandler.call(entrance, on: channel, timeout: timeout).flatMapThrowing { replies in
                    if let bad = replies.first(where: { $0 != .ok }) {
                        channel.close(promise: nil)
                        throw StoreFailure(unexpected: bad)
                    }
                    return channel
                }
            }.map { [self] channel in
                self.channel = channel
                return channel
            }
    }
}

/// The daemon's answer to `LEASE RENEW`.
enum LeaseAnswer: Equatable {
    case granted(LeaseGrant)
    /// None is granted, for this reason.
    case none(String)
    /// It does not know the stream's connection.
    case unknownStream
    /// Another error; its first word.
    case error(String)

    /// - Throws: ``StoreFailure`` for an answer that no daemon gives.
    init(_ reply: Reply) throws(StoreFailure) {
        if case .error(let text) = reply {
            let word = String(decoding: text.prefix { $0 != UInt8(ascii: " ") }.prefix(32), as: UTF8.self)
            self = word == "NOLEASE" ? .unknownStream : .error(word)
            return
        }
        guard case .array(let parts) = reply, parts.count == 6, let length = parts[0].number,
            let stretch = parts[1].text, let offset = parts[2].number, let epoch = parts[3].text,
            let guarded = parts[4].number, let reason = parts[5].text, offset >= 0
        else { throw .unexpectedReply }
        guard length != 0 else {
            self = .none(String(reason.filter { $0.isASCII && !$0.isNewline }.prefix(120)))
            return
        }
        guard
            let grant = LeaseGrant(
                length: length, position: .init(stretch: stretch, offset: UInt64(offset)), epoch: Array(epoch.utf8),
                guarded: guarded)
        else { throw .unexpectedReply }
        self = .granted(grant)
    }
}

extension Reply {
    fileprivate var text: String? {
        switch self {
        case .bulk(let bytes), .status(let bytes): String(validating: bytes, as: UTF8.self)
        default: nil
        }
    }

    fileprivate var number: Int64? {
        if case .integer(let number) = self { return number }
        return text.flatMap { Int64($0) }
    }
}
