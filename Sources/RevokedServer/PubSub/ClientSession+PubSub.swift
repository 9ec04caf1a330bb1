import RESP
import Synchronization

/// What a connection is told without asking.
extension ClientSession {
    /// The most patterns that one connection may subscribe to: each costs every message a match.
    private static let maximumPatterns = 1024
    /// The same of their bytes: a long one takes longer.
    private static let maximumPatternBytes = 32 << 10

    // MARK: Subscribing

    /// - Returns: false if there is no room.
    mutating func subscribe(_ subscription: Subscription, _ daemon: Daemon) -> Bool {
        guard !subscriptions.contains(subscription) else { return true }
        guard subscriptions.total < daemon.configuration.maximumSubscriptions,
            subscription.kind != .pattern || hasRoom(forPattern: subscription.name),
            daemon.channels.add(subscription, client, limit: daemon.memory.subscriptionLimit)
        else { return false }
        _ = subscriptions.insert(subscription)
        noteSubscriptions()
        return true
    }

    private func hasRoom(forPattern name: [UInt8]) -> Bool {
        let patterns = subscriptions[.pattern]
        return patterns.count < Self.maximumPatterns
            && patterns.reduce(name.count) { $0 + $1.count } <= Self.maximumPatternBytes
    }

    mutating func unsubscribe(_ subscription: Subscription, _ daemon: Daemon) {
        guard subscriptions.remove(subscription) else { return }
        daemon.channels.remove(subscription, client)
        noteSubscriptions()
    }

    mutating func unsubscribeFromAll(_ daemon: Daemon) {
        for subscription in subscriptions.all { daemon.channels.remove(subscription, client) }
        subscriptions = Subscriptions()
        noteSubscriptions()
    }

    private mutating func noteSubscriptions() {
        if subscriptions.isEmpty { modes.remove(.subscribed) } else { modes.insert(.subscribed) }
        let counts = Subscription.Kind.allCases.map { subscriptions[$0].count }
        client.details.withLock { $0.subscriptions = counts }
    }

    /// Ends everything that makes it more than a client that asks: it is gone, or begins anew.
    mutating func endModes(_ daemon: Daemon) {
        if modes.contains(.subscribed) { unsubscribeFromAll(daemon) }
        endTracking(daemon)
        if modes.contains(.monitors) {
            daemon.monitors.remove(client)
            client.details.withLock { $0.isMonitor = false }
        }
        if modes.contains(.copies) {
            daemon.replicas.remove(client, daemon)
            client.details.withLock { $0.isReplica = false }
        }
        endPause(daemon)
        modes = []
    }

    /// Whether it may only subscribe and unsubscribe: replies of RESP2 could not be told from messages.
    var hearsOnly: Bool { modes.contains(.subscribed) && version == .two }

    /// - Returns: false.
    func refuseWhileSubscribed(
        _ arguments: borrowing Arguments, _ command: Command, _ context: inout ServingContext
    ) -> Bool {
        context.fail(
            "ERR Can't execute '\(command.fullName(arguments))': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT "
                + "/ RESET are allowed in this context")
        return false
    }

    // MARK: Receiving

    /// Whether messages may come for it.
    var isListening: Bool {
        !modes.isDisjoint(with: [.subscribed, .tracking, .monitors, .copies])
            || client.redirections.load(ordering: .relaxed) > 0
    }

    /// Whether a message that was posted for it is still wanted. One whose user has lost the right to a channel is
    /// closed.
    mutating func accepts(_ letter: Mailbox.Letter, _ daemon: Daemon) -> Bool {
        guard mayGoOn(daemon) else { return false }
        switch letter.condition {
        case .subscribed(let subscription): return subscriptions.contains(subscription)
        case .speaksThree: return version == .three
        case .hearsInvalidations: return version == .three || modes.contains(.subscribed)
        case .monitors: return modes.contains(.monitors)
        case .copies: return modes.contains(.copies)
        }
    }

    /// Whether its user may be subscribed to all that it is subscribed to.
    func mayStaySubscribed(_ user: User) -> Bool {
        subscriptions.isEmpty
            || subscriptions.all.allSatisfy { user.allows($0.name.span.bytes, isPattern: $0.kind == .pattern) }
    }
}
