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
    /// The subscribers of one channel or pattern, by their threads.
    private struct Audience {
        struct Group {
            let mailbox: Mailbox
            var clients: [ClientRecord] = []
            /// Where each client stands in ``clients``.
            var places: [Int64: Int] = [:]
        }

        /// Of a pattern.
        let glob: Glob?
        private(set) var groups: [Group] = []
        private(set) var count = 0
        /// Those that are not being closed.
        var receivers: Int {
            groups.reduce(0) { sum, group in
                sum + group.clients.count { !$0.isEnding.load(ordering: .relaxed) }
            }
        }

        init(_ glob: Glob?) { self.glob = glob }

        mutating func add(_ client: ClientRecord) {
            let index = groups.firstIndex { $0.mailbox === client.mailbox } ?? groups.count
            if index == groups.count { groups.append(Group(mailbox: client.mailbox)) }
            groups[index].places[client.id] = groups[index].clients.count
            groups[index].clients.append(client)
            count += 1
        }

        mutating func remove(_ client: ClientRecord) {
            guard let index = groups.firstIndex(where: { $0.mailbox === client.mailbox }),
                let place = groups[index].places.removeValue(forKey: client.id)
            else { return }
            let last = groups[index].clients.removeLast()
            if last !== client {
                groups[index].clients[place] = last
                groups[index].places[last.id] = place
            }
            if groups[index].clients.isEmpty { groups.remove(at: index) }
            count -= 1
        }

        func post(_ message: PushMessage, _ subscription: Subscription) {
            for group in groups {
                group.mailbox.post(
                    Mailbox.Letter(message: message, recipients: group.clients, condition: .subscribed(subscription)))
            }
        }
    }

    private struct State {
        /// By kind and name.
        var audiences = [[[UInt8]: Audience]](repeating: [:], count: Subscription.Kind.allCases.count)
        /// What publishers match; nil if that has to be made again.
        var globs: [Glob]? = []
        var bytes = 0
        var patternWords = 0

        subscript(kind: Subscription.Kind) -> [[UInt8]: Audience] {
            get { audiences[kind.rawValue] }
            _modify { yield &audiences[kind.rawValue] }
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
            state[subscription.kind][subscription.name, default: Audience(glob)].add(client)
            subscribed.store(true, ordering: .relaxed)
            return true
        }
    }

    func remove(_ subscription: Subscription, _ client: ClientRecord) {
        state.withLock { state in
            state.bytes -= Self.cost(of: subscription)
            state[subscription.kind][subscription.name]?.remove(client)
            if let audience = state[subscription.kind][subscription.name], audience.count == 0 {
                state[subscription.kind][subscription.name] = nil
                if let glob = audience.glob {
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
        guard hasSubscribers, channel.count <= Self.maximumName else { return 0 }
        let (hasAudience, globs) = state.withLock { state in
            let globs = state.globs ?? state[.pattern].values.compactMap(\.glob)
            state.globs = globs
            return (state[.channel][channel] != nil, globs)
        }
        let matching = globs.filter { $0.pattern.matches(channel.span.bytes) }
        guard hasAudience || !matching.isEmpty else { return 0 }
        return state.withLock { state in
            var receivers = 0
            if let audience = state[.channel][channel] {
                audience.post(
                    PushMessage([Array("message".utf8), channel, payload]),
                    Subscription(kind: .channel, name: channel))
                receivers += audience.receivers
            }
            for glob in matching {
                guard let audience = state[.pattern][glob.name] else { continue }
                audience.post(
                    PushMessage([Array("pmessage".utf8), glob.name, channel, payload]),
                    Subscription(kind: .pattern, name: glob.name))
                receivers += audience.receivers
            }
            return receivers
        }
    }

    /// The same for a shard channel, which no pattern matches.
    func publish(shard channel: [UInt8], _ payload: [UInt8]) -> Int {
        guard hasSubscribers else { return 0 }
        return state.withLock { state in
            guard let audience = state[.shardChannel][channel] else { return 0 }
            audience.post(
                PushMessage([Array("smessage".utf8), channel, payload]),
                Subscription(kind: .shardChannel, name: channel))
            return audience.receivers
        }
    }

    // MARK: Asking

    /// What has subscribers.
    func names(_ kind: Subscription.Kind) -> [[UInt8]] { state.withLock { Array($0[kind].keys) } }

    func count(_ kind: Subscription.Kind) -> Int { state.withLock { $0[kind].count } }

    func subscribers(_ subscription: Subscription) -> Int {
        state.withLock { $0[subscription.kind][subscription.name]?.count ?? 0 }
    }

    /// In bytes, about.
    var memory: Int { state.withLock { $0.bytes } }
}
