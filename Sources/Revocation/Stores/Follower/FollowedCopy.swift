import Contract
import Denylist
package import Logging
package import NIOCore
import Replication
import Synchronization

/// A copy of a daemon's revocations for other programs of this machine, and the way to the daemon for what it does not
/// hold (`revoked serve --follow`, Following.md).
package final class FollowedCopy: Sendable {
    /// A look at the copy while a lease is held. What it finds counts if ``FollowedCopy/holds(_:)`` says so afterwards.
    package struct Reading: Sendable {
        fileprivate let lease: LeaseReading
        /// When it began (``FollowedCopy/now``).
        package let begun: Int64
        /// The daemon's guarded time.
        package let guarded: Int64
        /// Whatever the daemon's log had until then is in the copy. What a lease waits for is newer.
        package let askedAt: Int64

        fileprivate var moment: ClockReading { ClockReading(wall: guarded, guarded: guarded) }
    }

    /// Why nothing is answered from the copy.
    package enum State: Sendable, Equatable {
        case held
        /// The daemon is away.
        case unreachable
        case asking(String)
    }

    private let follower: Follower
    private let dialer: StoreDialer
    private let connectTimeout: TimeAmount

    /// - Parameters:
    ///   - url: of one daemon. Its credentials, or `password` of the user `follower`, are the copy's alone.
    ///   - prefix: of guarded keys.
    ///   - maximumBytes: the memory of the copy; 0 is no limit.
    /// - Throws: ``RevocationError/Code/invalidURL``, ``RevocationError/Code/invalidConfiguration``.
    package init(
        _ url: String, prefix: String, password: String?, maximumBytes: Int, logger: Logger
    ) throws(RevocationError) {
        var configuration = RevocationConfiguration()
        configuration.namespace = Namespace(prefix: prefix)
        configuration.followerPassword = password
        guard case .server(let location, var access) = try StoreURL(url, configuration) else {
            throw RevocationConfiguration.Checks.needServer
        }
        guard maximumBytes == 0 || maximumBytes >= Follower.leastBytes else {
            throw RevocationError(.invalidConfiguration, "a copy of the denylist takes at least a mebibyte")
        }
        if let credentials = configuration.followerSecret { access.credentials = credentials }
        access.database = 0
        dialer = try StoreDialer(location, access, logger: logger)
        connectTimeout = TimeAmount(configuration.connectTimeout)
        // Each connection asks by itself whether the daemon has the same prefix (``connect(on:_:)``).
        let facts = Follower.StoreFacts(clock: nil, guardedPrefix: prefix)
        follower = Follower(
            location, access, encryption: dialer.encryption, configuration: configuration, maximumBytes: maximumBytes,
            logger: logger
        ) { facts }
    }

    deinit { follower.closeSoon() }

    /// Where the daemon is, without credentials.
    package var place: String { dialer.name }

    /// Whether the daemon knows who connects by a certificate of this process.
    package var showsCertificate: Bool { dialer.encryption?.showsCertificate == true }

    package func start() { follower.start() }

    /// Gives the lease back, and ends.
    package func close() async { await follower.close() }

    package var state: State {
        guard let warning = follower.warning else { return .held }
        return follower.status.withLock { $0.state } == .connecting ? .unreachable : .asking(warning)
    }

    /// Whole copies that were begun, and the memory of the present one.
    package var figures: (copies: Int, bytes: Int, entries: Int) {
        let statistics = follower.table.statistics
        return (follower.status.withLock { $0.copies }, statistics.bytes, statistics.entries)
    }

    // MARK: Reading

    /// Milliseconds of the boot clock, since an arbitrary instant of this process.
    package var now: Int64 { follower.now }

    package func isGuarded(_ key: RawSpan) -> Bool { follower.table.keys.isGuarded(key) }

    /// The lease and the clock are read before the look-up: a lease that is held then means that everything that the
    /// daemon has acknowledged is in the copy.
    /// - Returns: nil if no lease is held.
    package func begin() -> Reading? {
        guard let terms = follower.published.read() else { return nil }
        let askedAt = follower.grounds.askedAt
        let begun = now
        guard terms.lease.isHeld(at: begun) else { return nil }
        return Reading(lease: terms.lease, begun: begun, guarded: begun + terms.guardedOffset, askedAt: askedAt)
    }

    /// Whether the lease is still the same and held, after the look-up.
    package func holds(_ reading: Reading) -> Bool {
        reading.lease.covers(follower.published.readAgain(), at: now)
    }

    /// - Parameter body: takes the value, valid only during the call, and the expiry on the scale of `guarded`.
    /// - Returns: nil if there is no live entry.
    package func read<Result>(
        _ key: RawSpan, _ reading: Reading, _ body: (_ value: RawSpan, _ expiry: Int64) -> Result
    ) -> Result? {
        let keys = follower.table.keys
        return keys.read(key, hash: keys.hash(of: key), at: reading.moment, body)
    }

    /// The epoch, as the daemon answers `GET revoked.epoch`.
    /// - Returns: nil if there has been another lease since.
    package func epoch(_ reading: Reading) -> [UInt8]? { follower.grounds.epoch(of: reading.lease) }

    // MARK: Asking

    /// A connection to the daemon, without a word said on it.
    package func connect(
        on loop: any EventLoop, _ handler: @escaping @Sendable () -> any ChannelHandler
    ) -> EventLoopFuture<any Channel> {
        dialer.connect(on: loop, timeout: connectTimeout, handler)
    }

    package func count(isLocal: Bool) { follower.metrics.checked(isLocal: isLocal) }
}
