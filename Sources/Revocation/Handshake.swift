/// What is said first on each connection: who we are, and what kind of store this is.
enum Handshake {
    /// What is asked again from time to time: a primary may have become a replica, or begun to evict.
    static let examination = ["server", "memory", "persistence", "replication"].map { Command("INFO", $0) }

    static func commands(credentials: StoreURL.Credentials?) -> [Command] {
        var commands: [Command] = []
        if let credentials {
            var authentication = Command("AUTH")
            if let user = credentials.user { authentication.append(user) }
            authentication.append(credentials.password)
            commands.append(authentication)
        }
        return commands + examination
    }

    /// What the replies say of the store.
    /// - Throws: if the log-in failed, or the store may drop revocations.
    static func condition(
        ofHandshake replies: [Reply], options: StoreConnection.Options
    ) throws(StoreFailure) -> StoreCondition {
        var replies = replies[...]
        if options.credentials != nil, let reply = replies.popFirst(), reply != .ok {
            throw StoreFailure(unexpected: reply)
        }
        return try condition(ofExamination: replies, options: options)
    }

    /// What the replies to ``examination`` say of the store.
    static func condition(
        ofExamination replies: ArraySlice<Reply>, options: StoreConnection.Options
    ) throws(StoreFailure) -> StoreCondition {
        var text = ""
        for reply in replies {
            guard case .bulk(let bytes) = reply else { throw StoreFailure(unexpected: reply) }
            text += String(decoding: bytes, as: UTF8.self) + "\r\n"
        }
        let audit = try StoreAudit(
            information: text, accepting: options.acceptedEvictionPolicies, acceptsReplica: options.acceptsReplica)
        return StoreCondition(warnings: audit.warnings)
    }
}

extension StoreFailure {
    /// A reply that is not the one that was asked for.
    init(unexpected reply: Reply) {
        if case .error(let text) = reply {
            self.init(errorReply: text)
        } else {
            self = .unexpectedReply
        }
    }
}
