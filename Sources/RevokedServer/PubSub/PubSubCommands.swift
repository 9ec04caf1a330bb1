import RESP

/// `SUBSCRIBE`, `PUBLISH` and their kin.
enum PubSubCommands {
    static func subscribe(
        _ arguments: Arguments, _ kind: Subscription.Kind, _ session: inout ClientSession,
        _ context: inout ServingContext
    ) {
        for index in 1..<arguments.count {
            let name = arguments[index]
            guard name.byteCount <= kind.maximumLength else {
                return context.fail("ERR the name of a channel is longer than \(kind.maximumLength) bytes")
            }
            let subscription = Subscription(kind: kind, name: name.withUnsafeBytes(Array.init))
            guard session.subscribe(subscription, context.daemon) else {
                return context.fail("ERR too many subscriptions: unsubscribe from others first")
            }
            context.answer(kind.verbs.subscribe, name, session.subscriptions.count(beside: kind))
        }
    }

    /// Without names: from all of this kind.
    static func unsubscribe(
        _ arguments: Arguments, _ kind: Subscription.Kind, _ session: inout ClientSession,
        _ context: inout ServingContext
    ) {
        let verb = kind.verbs.unsubscribe
        guard arguments.count == 1 else {
            for index in 1..<arguments.count {
                let name = arguments[index]
                session.unsubscribe(
                    Subscription(kind: kind, name: name.withUnsafeBytes(Array.init)), context.daemon)
                context.answer(verb, name, session.subscriptions.count(beside: kind))
            }
            return
        }
        let names = session.subscriptions[kind]
        for name in names {
            session.unsubscribe(Subscription(kind: kind, name: name), context.daemon)
            context.answer(verb, name.span.bytes, session.subscriptions.count(beside: kind))
        }
        if names.isEmpty { context.answer(verb, nil, session.subscriptions.count(beside: kind)) }
    }

    static func publish(_ arguments: Arguments, toShard: Bool, _ context: inout ServingContext) {
        // Before it is copied.
        guard arguments[1].byteCount <= ChannelRegistry.maximumName else {
            context.counters.add(to: .publishedMessages)
            return context.reply.integer(0)
        }
        let channel = arguments[1].withUnsafeBytes(Array.init)
        let payload = arguments[2].withUnsafeBytes(Array.init)
        let channels = context.daemon.channels
        context.counters.add(to: .publishedMessages)
        context.reply.integer(
            Int64(toShard ? channels.publish(shard: channel, payload) : channels.publish(channel, payload)))
    }

    // MARK: PUBSUB

    static func pubsub(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        let channels = context.daemon.channels
        switch PubSubSubcommand.read(arguments, session, &context) {
        case .channels: list(.channel, arguments, &context)
        case .shardchannels: list(.shardChannel, arguments, &context)
        case .numsub: count(.channel, arguments, &context)
        case .shardnumsub: count(.shardChannel, arguments, &context)
        case .numpat: context.reply.integer(Int64(channels.count(.pattern)))
        case nil: break
        }
    }

    private static func list(_ kind: Subscription.Kind, _ arguments: Arguments, _ context: inout ServingContext) {
        guard arguments.count <= 3 else {
            return context.failWithWord(
                "ERR unknown subcommand or wrong number of arguments for '", arguments[1], "'. Try PUBSUB HELP.")
        }
        var names = context.daemon.channels.names(kind)
        if arguments.count == 3 {
            guard arguments[2].byteCount <= GlobPattern.maximumLength else {
                return context.fail(GlobPattern.tooLong)
            }
            let glob = GlobPattern(arguments[2])
            names.removeAll { !glob.matches($0.span.bytes) }
        }
        context.reply.array(names.count)
        for name in names { context.reply.bulk(name.span.bytes) }
    }

    private static func count(_ kind: Subscription.Kind, _ arguments: Arguments, _ context: inout ServingContext) {
        context.reply.array((arguments.count - 2) * 2)
        for index in 2..<arguments.count {
            let name = arguments[index].withUnsafeBytes(Array.init)
            context.reply.bulk(arguments[index])
            context.reply.integer(
                Int64(context.daemon.channels.subscribers(Subscription(kind: kind, name: name))))
        }
    }
}

extension Command {
    /// Whether it subscribes or unsubscribes.
    var isSubscribing: Bool {
        switch id {
        case .subscribe, .unsubscribe, .psubscribe, .punsubscribe, .ssubscribe, .sunsubscribe: true
        default: false
        }
    }

    /// Whether a connection of RESP2 that is subscribed may send it.
    var isForSubscribers: Bool { isSubscribing || id == .ping || id == .quit || id == .reset }
}

extension Subscription.Kind {
    /// The longest name, in bytes.
    fileprivate var maximumLength: Int { self == .pattern ? GlobPattern.maximumLength : ChannelRegistry.maximumName }

    fileprivate var verbs: (subscribe: StaticString, unsubscribe: StaticString) {
        switch self {
        case .channel: ("subscribe", "unsubscribe")
        case .pattern: ("psubscribe", "punsubscribe")
        case .shardChannel: ("ssubscribe", "sunsubscribe")
        }
    }
}

extension ServingContext {
    /// What `SUBSCRIBE` and `UNSUBSCRIBE` answer for each name: its kind of reply, the name, how many there are now.
    fileprivate mutating func answer(_ verb: StaticString, _ name: RawSpan?, _ count: Int) {
        reply.push(3)
        reply.bulk("\(verb)")
        if let name { reply.bulk(name) } else { reply.null() }
        reply.integer(Int64(count))
    }
}

enum PubSubSubcommand: String, Subcommand {
    case channels, numsub, numpat, shardchannels, shardnumsub

    static let family = SubcommandFamily.pubsub
    static let flags: Command.Flags = [.pubsub, .loading, .stale]
    static let categories = CommandCategory.pubsub
    static let group = "pubsub"
    static let usualPrivilege = SubcommandRule.Privilege.none

    var rule: SubcommandRule {
        switch self {
        case .channels: makeRule(-2, "Lists the channels that have subscribers.", since: "2.8.0", "[pattern]")
        case .numsub: makeRule(-2, "Counts the subscribers of channels.", since: "2.8.0", "[channel...]")
        case .numpat: makeRule(2, "Counts the patterns that are subscribed to.", since: "2.8.0")
        case .shardchannels:
            makeRule(-2, "Lists the shard channels that have subscribers.", since: "7.0.0", "[pattern]")
        case .shardnumsub:
            makeRule(-2, "Counts the subscribers of shard channels.", since: "7.0.0", "[shardchannel...]")
        }
    }
}
