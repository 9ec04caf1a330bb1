import RESP
import Synchronization

/// Those who want to hear of changes of keys. Where there are none, a write asks for ``interest`` and no more.
final class KeyObservers: Sendable {
    /// Kinds of observers.
    struct Interest: OptionSet, Sendable {
        let rawValue: UInt8
        /// A connection watches a key (`WATCH`).
        static let watches = Interest(rawValue: 1)
        /// Events are published (`notify-keyspace-events`).
        static let notifications = Interest(rawValue: 2)
        /// Clients remember keys (`CLIENT TRACKING`).
        static let tracking = Interest(rawValue: 4)
    }

    private let interested = Atomic<UInt8>(0)
    let watched = Mutex(WatchedKeys())
    let channels: ChannelRegistry
    let notifiedEvents = Atomic<UInt32>(0)
    let expiry = ExpiryWatch()
    /// The daemon's, set before anyone is served.
    private let trackers = Mutex(WeakTracking())

    private struct WeakTracking {
        weak var tracking: ClientTracking?
    }

    init(_ channels: ChannelRegistry) { self.channels = channels }

    /// Whether somebody wants to hear of entries that expire.
    var wantExpiries: Bool {
        interest.contains(.tracking)
            || interest.contains(.notifications) && notified.contains(.expired) && channels.hasSubscribers
    }

    /// To be read under the lock of the key's shard. An observer registers before it reads the key, so it misses no
    /// change of what it has read.
    @inline(__always)
    var interest: Interest { Interest(rawValue: interested.load(ordering: .relaxed)) }

    var tracking: ClientTracking? { trackers.withLock { $0.tracking } }

    func inform(_ tracking: ClientTracking) { trackers.withLock { $0.tracking = tracking } }

    /// Adds or removes a kind of observers. To be called under the lock that guards them.
    func set(_ kind: Interest, _ isInterested: Bool) {
        if isInterested {
            interested.bitwiseOr(kind.rawValue, ordering: .relaxed)
        } else {
            interested.bitwiseAnd(~kind.rawValue, ordering: .relaxed)
        }
    }

    /// Tells of a change. Called under the lock of the key's shard, so that the events of a key are told in their
    /// order.
    /// - Parameter client: whose connection made it; 0: none.
    @inline(never)
    func announce(_ events: KeyEvent, _ key: RawSpan, database: Int, client: Int64) {
        let interest = interest
        // EXEC looks for itself whether a watched key has expired.
        if interest.contains(.watches), events != .expired {
            watched.withLock { $0.touch(WatchedKeys.Key(key, database: database)) }
        }
        if interest.contains(.tracking) { tracking?.changed(key, by: client) }
        if interest.contains(.notifications) { publish(events, key, database: database) }
    }

    /// Tells that keys are about to be removed all at once. Called while all shards are locked.
    /// - Parameters:
    ///   - database: which one is flushed; nil: all.
    ///   - exists: whether one of its keys is there.
    func announceFlush(database: Int?, exists: (WatchedKeys.Key) -> Bool) {
        let interest = interest
        if interest.contains(.watches) {
            watched.withLock { $0.touchAll { (database == nil || $0.database == database) && exists($0) } }
        }
        if interest.contains(.tracking) { tracking?.flushed() }
    }
}
