import RESP
import Synchronization

/// `CLIENT TRACKING` and its kin.
enum TrackingCommands {
    static func tracking(_ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext) {
        let tracking = context.daemon.tracking
        guard let options = read(arguments, &context) else { return }
        if arguments[2].equalsIgnoringCase("off") {
            session.endTracking(context.daemon)
            return context.reply.ok()
        }
        guard arguments[2].equalsIgnoringCase("on") else { return context.failSyntax() }
        let before = session.modes.contains(.tracking) ? tracking.options(of: session.client.id) : nil
        // Before the prefixes are compared with each other.
        guard options.prefixes.count <= maximumPrefixes else {
            return context.fail("ERR too many prefixes: a client has at most \(maximumPrefixes)")
        }
        guard !options.isBroadcast || session.user.readsAllKeys else { return context.fail(mayNotListen) }
        if let refusal = refusal(of: options, after: before) { return context.fail(bytes: refusal) }
        var wanted = options
        if wanted.isBroadcast, wanted.prefixes.isEmpty, before?.prefixes.contains([]) != true { wanted.prefixes = [[]] }
        guard (before?.prefixes.count ?? 0) + wanted.prefixes.count <= maximumPrefixes else {
            return context.fail("ERR too many prefixes: a client has at most \(maximumPrefixes)")
        }
        switch tracking.track(session.client, wanted) {
        case .tracks: break
        case .noRoom:
            return context.fail("ERR no room for more prefixes: all clients' take what they may of the memory")
        case .mayNotListen: return context.fail(mayNotListen)
        }
        session.modes.insert(.tracking)
        session.caching = nil
        session.client.details.withLock {
            $0.tracking = wanted
            $0.hasBrokenRedirect = false
        }
        context.reply.ok()
    }

    private static let mayNotListen = "NOPERM this user may not read all keys, so it may not hear of all changes"
    private static let maximumPrefixes = 64
    private static let maximumPrefixLength = 1024

    /// - Returns: nil if an error was answered.
    private static func read(_ arguments: Arguments, _ context: inout ServingContext) -> TrackingTable.Options? {
        var options = TrackingTable.Options()
        var index = 3
        while index < arguments.count {
            let (word, hasMore) = (arguments[index], index + 1 < arguments.count)
            if word.equalsIgnoringCase("redirect"), hasMore {
                index += 1
                guard options.redirect == 0 else {
                    context.fail("ERR A client can only redirect to a single other client")
                    return nil
                }
                guard let id = arguments[index].parseInteger() else {
                    context.failNotAnInteger()
                    return nil
                }
                guard context.daemon.clients.client(id) != nil else {
                    context.fail("ERR The client ID you want redirect to does not exist")
                    return nil
                }
                options.redirect = id
            } else if word.equalsIgnoringCase("bcast") {
                options.isBroadcast = true
            } else if word.equalsIgnoringCase("optin") {
                options.isOptIn = true
            } else if word.equalsIgnoringCase("optout") {
                options.isOptOut = true
            } else if word.equalsIgnoringCase("noloop") {
                options.ignoresOwn = true
            } else if word.equalsIgnoringCase("prefix"), hasMore {
                index += 1
                guard arguments[index].byteCount <= maximumPrefixLength else {
                    context.fail("ERR a prefix is longer than \(maximumPrefixLength) bytes")
                    return nil
                }
                options.prefixes.append(arguments[index].withUnsafeBytes(Array.init))
            } else {
                context.failSyntax()
                return nil
            }
            index += 1
        }
        return options
    }

    /// Why these options cannot be had together, or after those of before.
    private static func refusal(of options: TrackingTable.Options, after before: TrackingTable.Options?) -> [UInt8]? {
        if !options.isBroadcast, !options.prefixes.isEmpty {
            return Array("ERR PREFIX option requires BCAST mode to be enabled".utf8)
        }
        let otherMode = "before disabling tracking for this client, and then re-enabling it with a different mode."
        if let before, before.isBroadcast != options.isBroadcast {
            return Array("ERR You can't switch BCAST mode on/off \(otherMode)".utf8)
        }
        if options.isBroadcast, options.isOptIn || options.isOptOut {
            return Array("ERR OPTIN and OPTOUT are not compatible with BCAST".utf8)
        }
        if options.isOptIn, options.isOptOut {
            return Array("ERR You can't specify both OPTIN mode and OPTOUT mode".utf8)
        }
        if let before, options.isOptIn && before.isOptOut || options.isOptOut && before.isOptIn {
            return Array("ERR You can't switch OPTIN/OPTOUT mode \(otherMode)".utf8)
        }
        return collision(of: options.prefixes, with: before?.prefixes ?? [])
    }

    private static func collision(of prefixes: [[UInt8]], with existing: [[UInt8]]) -> [UInt8]? {
        func text(_ one: [UInt8], _ what: String, _ other: [UInt8]) -> [UInt8] {
            Array("ERR Prefix '".utf8) + one + Array("' overlaps with \(what) '".utf8) + other
                + Array("'. Prefixes for a single client must not overlap.".utf8)
        }
        for (index, prefix) in prefixes.enumerated() {
            if let other = existing.first(where: { $0.starts(with: prefix) || prefix.starts(with: $0) }) {
                return text(prefix, "an existing prefix", other)
            }
            let rest = prefixes[(index + 1)...]
            if let other = rest.first(where: { $0.starts(with: prefix) || prefix.starts(with: $0) }) {
                return text(prefix, "another provided prefix", other)
            }
        }
        return nil
    }

    // MARK: CACHING, GETREDIR, TRACKINGINFO

    static func caching(_ arguments: Arguments, _ session: inout ClientSession, _ context: inout ServingContext) {
        let options = session.client.details.withLock { $0.tracking }
        guard let options, options.isOptIn || options.isOptOut else {
            return context.fail(
                "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode "
                    + "enabled")
        }
        if arguments[2].equalsIgnoringCase("yes") {
            guard options.isOptIn else {
                return context.fail("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
            }
            session.caching = true
        } else if arguments[2].equalsIgnoringCase("no") {
            guard options.isOptOut else {
                return context.fail("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
            }
            session.caching = false
        } else {
            return context.failSyntax()
        }
        context.reply.ok()
    }

    static func redirect(_ session: borrowing ClientSession, _ context: inout ServingContext) {
        context.reply.integer(session.client.details.withLock { $0.tracking?.redirect ?? -1 })
    }

    static func information(_ session: borrowing ClientSession, _ context: inout ServingContext) {
        let options = context.daemon.tracking.options(of: session.client.id)
        let isBroken = session.client.details.withLock { $0.hasBrokenRedirect }
        var flags = [options == nil ? "off" : "on"]
        if let options {
            if options.isBroadcast { flags.append("bcast") }
            if options.isOptIn { flags += session.caching == true ? ["optin", "caching-yes"] : ["optin"] }
            if options.isOptOut { flags += session.caching == false ? ["optout", "caching-no"] : ["optout"] }
            if options.ignoresOwn { flags.append("noloop") }
            if isBroken { flags.append("broken_redirect") }
        }
        context.reply.map(3)
        context.reply.bulk("flags")
        context.reply.set(flags.count)
        for flag in flags { context.reply.bulk(flag) }
        context.reply.bulk("redirect")
        context.reply.integer(options?.redirect ?? -1)
        context.reply.bulk("prefixes")
        let prefixes = options?.prefixes ?? []
        context.reply.array(prefixes.count)
        for prefix in prefixes { context.reply.bulk(prefix.span.bytes) }
    }
}

extension ClientSession {
    mutating func endTracking(_ daemon: Daemon) {
        guard modes.contains(.tracking) else { return }
        modes.remove(.tracking)
        caching = nil
        client.details.withLock {
            $0.tracking = nil
            $0.hasBrokenRedirect = false
        }
        daemon.tracking.end(client.id)
    }

    /// Records the keys that a command is about to read, if the client wants to hear of them. Comes before they are
    /// read, so that no change is missed.
    func rememberKeys(of command: Command, _ arguments: borrowing Arguments, _ daemon: Daemon) {
        guard remembersKeys else { return }
        // What a script reads its commands remember, and subcommands do so where the right to their key is asked.
        guard command.flags.contains(.readOnly), command.firstKey > 0, command.lastKey != Command.counted else {
            return
        }
        let last = command.lastKey(among: arguments.count, nil)
        for index in stride(from: command.firstKey, through: last, by: command.keyStep) {
            daemon.tracking.remember(arguments[index], client.id)
        }
    }

    /// The same of the key of a subcommand that its user may run (`OBJECT` and `MEMORY USAGE`).
    func rememberKey(_ key: RawSpan, _ daemon: Daemon) {
        if modes.contains(.tracking), remembersKeys { daemon.tracking.remember(key, client.id) }
    }

    private var remembersKeys: Bool {
        guard let options = client.details.withLock({ $0.tracking }), !options.isBroadcast else { return false }
        return (!options.isOptIn || caching == true) && (!options.isOptOut || caching != false)
    }
}
