import Contract

/// The first commands on each connection: log-in, our name, and the examination of the store.
enum Handshake {
    /// Sent again at intervals: a primary may have become a replica, or a clock may have been set.
    static let examination =
        ["server", "memory", "persistence", "replication"].map { Command("INFO", $0) } + [Command("TIME")]

    /// Our name, for the store's list of clients. Old stores answer with an error, which is ignored.
    static let introduction = [
        Command("CLIENT", "SETINFO", "LIB-NAME", "revoked"), Command("CLIENT", "SETINFO", "LIB-VER", Release.version),
    ]

    static func commands(_ access: StoreURL.Access) -> [Command] { entrance(access) + introduction + examination }

    /// `AUTH` and `SELECT`. Their replies must be OK.
    static func entrance(_ access: StoreURL.Access) -> [Command] {
        var commands: [Command] = []
        if let credentials = access.credentials {
            var authentication = Command("AUTH")
            if let user = credentials.user { authentication.append(user) }
            authentication.append(credentials.password)
            commands.append(authentication)
        }
        if access.database != 0 { commands.append(Command("SELECT", String(access.database))) }
        return commands
    }

    /// The status of the store, from the replies to the handshake.
    /// - Throws: if the log-in failed, or the store may drop revocations.
    static func status(
        ofHandshake replies: [Reply], sentAt: SentTime, configuration: StoreConnection.Configuration
    ) throws(StoreFailure) -> StoreStatus {
        let count = entrance(configuration.access).count
        for reply in replies.prefix(count) where reply != .ok { throw StoreFailure(unexpected: reply) }
        return try status(
            ofExamination: replies.dropFirst(count + introduction.count), sentAt: sentAt, configuration: configuration)
    }

    /// The status of the store, from the replies to ``examination`` that have just arrived.
    /// - Parameter sentAt: when it was sent, by the boot clock of `configuration`.
    static func status(
        ofExamination replies: ArraySlice<Reply>, sentAt: SentTime, configuration: StoreConnection.Configuration
    ) throws(StoreFailure) -> StoreStatus {
        let receivedAt = SentTime(configuration.bootClock()).milliseconds
        var text = ""
        for reply in replies.dropLast() {
            guard case .bulk(let bytes) = reply else { throw StoreFailure(unexpected: reply) }
            text += String(decoding: bytes, as: UTF8.self) + "\r\n"
        }
        let audit = try StoreAudit(
            information: text, accepting: configuration.acceptedEvictionPolicies,
            acceptsReplica: configuration.acceptsReplica, prefix: configuration.prefix)
        let clock = StoreClock(
            time: try (replies.last ?? .null).time(), sentAt: sentAt.milliseconds, receivedAt: receivedAt)
        var warnings = audit.warnings
        if clock.skewCause(wall: configuration.wallClock(), boot: receivedAt) != nil {
            warnings.append("this machine's clock and the store's differ by more than 30 seconds: no token is clear")
        }
        return StoreStatus(
            warnings: warnings, dialect: audit.dialect, clock: clock,
            longestToLive: audit.longestToLive, guardedPrefix: audit.guardedPrefix,
            lease: audit.lease)
    }
}

extension Reply {
    /// The reply to `TIME`, in Unix milliseconds.
    func time() throws(StoreFailure) -> Int64 {
        guard case .array(let parts) = self else { throw StoreFailure(unexpected: self) }
        let numbers = parts.compactMap { part -> Int64? in
            guard case .bulk(let digits) = part else { return nil }
            return Int64(String(decoding: digits, as: UTF8.self))
        }
        // The year 5138 is beyond every clock; a second has fewer than a million microseconds.
        guard parts.count == 2, numbers.count == 2, (0..<100_000_000_000).contains(numbers[0]),
            (0..<1_000_000).contains(numbers[1])
        else { throw .unexpectedReply }
        return numbers[0] * 1_000 + numbers[1] / 1_000
    }
}

extension StoreFailure {
    /// A reply of the wrong type: the store's error, if it is one.
    init(unexpected reply: Reply) {
        if case .error(let text) = reply {
            self.init(errorReply: text)
        } else {
            self = .unexpectedReply
        }
    }
}
