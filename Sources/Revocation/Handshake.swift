/// What is said first on each connection: who we are, and what kind of store this is.
enum Handshake {
    private static let sections = ["server", "memory", "persistence", "replication"]

    static func commands(credentials: StoreURL.Credentials?) -> [Command] {
        var commands: [Command] = []
        if let credentials {
            var authentication = Command("AUTH")
            if let user = credentials.user { authentication.append(user) }
            authentication.append(credentials.password)
            commands.append(authentication)
        }
        return commands + sections.map { Command("INFO", $0) }
    }

    /// What the replies say of the store.
    /// - Parameter accepting: eviction policies that the configuration accepts by name.
    /// - Throws: if the log-in failed, or the store may drop revocations.
    static func audit(
        _ replies: [Reply], credentials: StoreURL.Credentials?, accepting policies: Set<String>
    ) throws(StoreFailure) -> StoreAudit {
        var information = replies[...]
        if credentials != nil, let reply = information.popFirst(), reply != .ok {
            throw StoreFailure(unexpected: reply)
        }
        var text = ""
        for reply in information {
            guard case .bulk(let bytes) = reply else { throw StoreFailure(unexpected: reply) }
            text += String(decoding: bytes, as: UTF8.self) + "\r\n"
        }
        return try StoreAudit(information: text, accepting: policies)
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
