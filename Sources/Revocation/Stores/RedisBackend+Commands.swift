import Contract

// The commands of a backend, and what their replies mean.

extension StoreDialect {
    /// Writes one entry so that it merges with the value held. Answered with OK.
    func write(_ entry: RevocationEntry, _ form: Script.Form) -> Command {
        let seconds = String(entry.secondsToLive)
        if case .stock = self, entry.kind.isCutOff {
            return Script.raiseCutOff.command(form, key: entry.key, arguments: [entry.value, seconds])
        }
        return Command("SETEX", entry.key, seconds, entry.value)
    }

    /// Writes one entry unless its key exists. Answered with the value held, or nil.
    func claim(_ entry: RevocationEntry, _ form: Script.Form) -> Command {
        let seconds = String(entry.secondsToLive)
        if case .stock(combinesSetOptions: false) = self {
            return Script.claim.command(form, key: entry.key, arguments: [entry.value, seconds])
        }
        return Command("SET", entry.key, entry.value, "NX", "GET", "EX", seconds)
    }

    /// Writes terms, if the store still has the previous ones.
    func write(terms: [UInt8], over held: [UInt8]?, key: String = Terms.key) -> Command {
        let text = String(decoding: terms, as: UTF8.self)
        guard let held else { return Command("SET", key, text, "NX") }
        switch self {
        // The daemon itself checks that they only grow.
        case .daemon: return Command("SET", key, text)
        case .stock:
            return Script.exchange.command(.text, key: key, arguments: [String(decoding: held, as: UTF8.self), text])
        }
    }

    /// Replaces the value of a plain key, if it is still the one held. Answered with OK, or nil.
    func exchange(_ key: String, _ held: [UInt8]?, for new: [UInt8], secondsToLive: Int64) -> Command {
        var command: Command
        switch (self, held) {
        case (.stock, let held?):
            command = Script.exchangeExpiring.command(.text, key: key, arguments: [])
            command.append(held)
            command.append(new)
            command.append(String(secondsToLive).utf8)
            return command
        case (.daemon, _), (.stock, nil):
            command = Command("SET", key)
            command.append(new)
            let condition: [[UInt8]] = held.map { [Array("IFEQ".utf8), $0] } ?? [Array("NX".utf8)]
            for word in condition + ["EX", String(secondsToLive)].map({ Array($0.utf8) }) { command.append(word) }
            return command
        }
    }

    func claim(_ entry: RevocationEntry, _ form: Script.Form, thenLookUp keys: [String]) -> [Command] {
        [claim(entry, form)] + Command.timedLookUp(keys)
    }
}

extension Command {
    /// The time is read before the values: a cut-off that the values do not show was set after it.
    static func timedLookUp(_ keys: [String]) -> [Command] { [Command("TIME"), Command("MGET", keys)] }
}

extension Reply {
    /// Whether an exchange has happened.
    var isExchanged: Bool {
        get throws(StoreFailure) {
            switch self {
            case .ok: true
            case .null: false
            default: throw StoreFailure(unexpected: self)
            }
        }
    }

    /// The value of one key; nil if the key does not exist.
    func value() throws(StoreFailure) -> [UInt8]? {
        switch self {
        case .bulk(let value): value
        case .null: nil
        case .array, .error, .integer, .status: throw StoreFailure(unexpected: self)
        }
    }

    /// The values in a reply to `MGET`.
    func values(count: Int) throws(StoreFailure) -> [[UInt8]?] {
        guard case .array(let elements) = self else { throw StoreFailure(unexpected: self) }
        guard elements.count == count else { throw .unexpectedReply }
        var values: [[UInt8]?] = []
        values.reserveCapacity(elements.count)
        for element in elements { values.append(try element.value()) }
        return values
    }
}

extension TimedValues {
    /// - Parameter replies: to ``Command/timedLookUp(_:)``.
    init(_ replies: ArraySlice<Reply>, of keys: [String]) throws(StoreFailure) {
        guard replies.count == 2, let first = replies.first, let last = replies.last else { throw .unexpectedReply }
        let time = try first.time()
        self.init(values: try last.values(count: keys.count), time: time)
    }
}

extension Claim {
    /// - Parameter replies: to the claim, and to the look-up after it.
    init(_ replies: [Reply], of keys: [String]) throws(StoreFailure) {
        guard let first = replies.first else { throw .unexpectedReply }
        self.init(existing: try first.value(), after: try TimedValues(replies.dropFirst(), of: keys))
    }
}

extension RemovedEntry {
    /// Removes a key, and reads what it held.
    static func commands(_ key: String) -> [Command] {
        [Command("GET", key), Command("PTTL", key), Command("DEL", key)]
    }

    /// - Parameter replies: to ``commands(_:)``.
    /// - Returns: nil if there was nothing to remove.
    init?(_ replies: ArraySlice<Reply>) throws(StoreFailure) {
        let replies = Array(replies)
        let value = try replies[0].value()
        guard case .integer(let left) = replies[1] else { throw StoreFailure(unexpected: replies[1]) }
        guard case .integer(let removed) = replies[2] else { throw StoreFailure(unexpected: replies[2]) }
        guard removed > 0 else { return nil }
        self.init(value: value ?? [], millisecondsToLive: left >= 0 ? left : nil)
    }
}
