import RESP
import Synchronization

/// Who is subscribed to what, of all connections. A publisher posts one letter to each serving thread that has
/// subscribers, so that its own thread does not write to their sockets.
final class ChannelRegistry: Sendable {
    /// The longest name of a channel, in bytes: nothing is published on a longer one.
    static let maximumName = 4096
    /// What all different patterns together may take of a match, in words for each byte of a channel's name: at least
    /// one for each. With keyspace notifications each write matches them all up to four times, with its shard locked.
    private static let maximumPatternWords = 1 << 11

    /// One pattern, as publishers match it. They do so without the lock: it takes a while where patterns are many.
    private final class Glob: Sendable {
        let name: [UInt8]
        let pattern: GlobPattern

        init(_ name: [UInt8]) {
            self.name = name
            pattern = GlobPattern(name.span.bytes)
        }
    }
    /// One channel or pattern.
    private struct Channel {
        /// Of a pattern.
        let glob: Glob?
        var audience = Audience()
    }

    private struct State {
        /// By kind and name.
        var channels = [[[UInt8]: Channel]](repeating: [:], count: Subscription.Kind.allCases.count)
        /// What publishers match; nil if that has to be made again.
        var globs: [Glob]? = []
        var bytes = 0
        var patternWords = 0

        subscript(kind: Subscription.Kind) -> [[UInt8]: Channel] {
            get { channels[kind.rawValue] }
            _modify { yield &channels[kind.rawValue] }
        }
    }

    private let state = Mutex(State())
    private let subscribed = Atomic(false)

    /// Whether anybody is subscribed to anything.
    var hasSubscribers: Bool { subscribed.load(ordering: .relaxed) }

    /// - Parameter limit: the most memory that all subscriptions may take, in bytes.
    /// - Returns: false if there is no room.
    func add(_ subscription: Subscription, _ client: ClientRecord, limit: Int) -> Bool {
        // Made without the lock: a long one takes a while.
        let glob = subscription.kind == .pattern ? Glob(subscription.name) : nil
        return state.withLock { state in
            let cost = Self.cost(of: subscription)
            guard state.bytes + cost <= limit else { return false }
            if let glob, state[.pattern][glob.name] == nil {
                guard state.patternWords + glob.pattern.width <= Self.maximumPatternWords else { return false }
                state.patternWords += glob.pattern.width
                state.globs = nil
            }
            state.bytes += cost
            state[subscription.kind][subscription.name, default: Channel(glob: glob)].audience.add(client)
            subscribed.store(true, ordering: .relaxed)
            return true
        }
    }

    func remove(_ subscription: Subscription, _ client: ClientRecord) {
        state.withLock { state in
            state.bytes -= Self.cost(of: subscription)
            state[subscription.kind][subscription.name]?.audience.remove(client)
            if let channel = state[subscription.kind][subscription.name], channel.audience.count == 0 {
                state[subscription.kind][subscription.name] = nil
                if let glob = channel.glob {
                    state.patternWords -= glob.pattern.width
                    state.globs = nil
                }
            }
            if state.bytes == 0 { subscribed.store(false, ordering: .relaxed) }
        }
    }

    /// About what one takes: its name twice, tables, and the states of a pattern.
    private static func cost(of subscription: Subscription) -> Int {
        let length = subscription.name.count
        return subscription.kind == .pattern ? 3_000 + 34 * length : 256 + 2 * length
    }

    // MARK: Publishing

    /// Posts a message to all subscribers of a channel, and of the patterns that match it. All see the messages of all
    /// publishers in one order.
    /// - Returns: how many they are.
    func publish(_ channel: [UInt8], _ payload: [UInt8]) -> Int {
        var receivers = 0
        post(channel, payload) { receivers += $0.receivers }
        return receivers
    }

    /// The same without counting them: that takes a look at each, and a key's event is told with its shard locked.
    func announce(_ channel: [UInt8], _ payload: [UInt8]) { post(channel, payload) { _ in } }

    /// - Parameter note: called with all who are told, with the lock held.
    private func post(_ channel: [UInt8], _ payload: [UInt8], note: (borrowing Audience) -> Void) {
        guard hasSubscribers, channel.count <= Self.maximumName else { return }
        let (hasAudience, globs) = state.withLock { state in
            let globs = state.globs ?? state[.pattern].values.compactMap(\.glob)
            state.globs = globs
            return (state[.channel][channel] != nil, globs)
        }
        let matching = globs.filter { $0.pattern.matches(channel.span.bytes) }
        guard hasAudience || !matching.isEmpty else { return }
        state.withLock { state in
            if let audience = state[.channel][channel]?.audience {
                audience.post(
                    PushMessage([Array("message".utf8), channel, payload]),
                    .subscribed(Subscription(kind: .channel, name: channel)))
                note(audience)
            }
            for glob in matching {
                guard let audience = state[.pattern][glob.name]?.audience else { continue }
                audience.post(
                    PushMessage([Array("pmessage".utf8), glob.name, channel, payload]),
                    .subscribed(Subscription(kind: .pattern, name: glob.name)))
                note(audience)
            }
        }
    }

    /// As ``publish(_:_:)``, for a shard channel, which no pattern matches.
    func publish(shard channel: [UInt8], _ payload: [UInt8]) -> Int {
        guard hasSubscribers else { return 0 }
        return state.withLock { state in
            guard let audience = state[.shardChannel][channel]?.audience else { return 0 }
            audience.post(
                PushMessage([Array("smessage".utf8), channel, payload]),
                .subscribed(Subscription(kind: .shardChannel, name: channel)))
            return audience.receivers
        }
    }

    // MARK: Asking

    /// What has subscribers.
    func names(_ kind: Subscription.Kind) -> [[UInt8]] { state.withLock { Array($0[kind].keys) } }

    func count(_ kind: Subscription.Kind) -> Int { state.withLock { $0[kind].count } }

    func subscribers(_ subscription: Subscription) -> Int {
        state.withLock { $0[subscription.kind][subscription.name]?.audience.count ?? 0 }
    }

    /// In bytes, about.
    var memory: Int { state.withLock { $0.bytes } }
}
