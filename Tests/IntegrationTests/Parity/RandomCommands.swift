import TestSupport

/// Random commands over a few keys, the same in every run.
///
/// Keys in lower case get relative times, no two of them alike, so that a comparison never hangs on a millisecond; keys
/// in upper case get absolute ones, which both servers must give back exactly. No time ends during a run.
struct RandomCommands {
    private var random: SeededGenerator
    private let now: Int64
    private var relativeTimes = 0
    /// An expiry in the past was written since the last flush. Until it is reclaimed `DBSIZE` counts such an entry, and
    /// when that is differs.
    private(set) var mayHoldExpired = false

    /// - Parameter now: Unix seconds.
    init(seed: UInt64, now: Int64) {
        random = SeededGenerator(seed: seed)
        self.now = now
    }

    struct Key {
        let bytes: Bytes
        let isAbsolute: Bool
    }

    private static let relativeKeys: [Bytes] =
        ["a", "b", "c", "key:1", "key:2", "user 7", "", "revoked", "revoke:x"].map { Bytes($0.utf8) }
        + [[0], [0x0D, 0x0A], [0xFF, 0xFE, 0x80], Bytes(repeating: 0x78, count: 300)]
    private static let absoluteKeys: [Bytes] =
        ["A", "B", "C", "KEY:1", "KEY:2", "USER*7", "REVOKED:JTI:1"].map { Bytes($0.utf8) }
        + [[0xC0, 0], [0xC1, 0x0D, 0x0A], Bytes(repeating: 0x58, count: 300)]

    mutating func next() -> WireCommand {
        var words = command()
        if let name = words.first { words[0] = randomCase(name) }
        if random.chance(1) { words = damage(words) }
        let command = WireCommand(words)
        // Of another database FLUSHDB removes only what is in that.
        if command.name == "flushall", ParityPair.empties(command) { mayHoldExpired = false }
        return command
    }

    /// Keys as the commands have them, for `WATCH`.
    mutating func keys(_ range: Range<Int>) -> [Bytes] { (0..<random.number(range)).map { _ in key().bytes } }

    // MARK: Commands

    private mutating func command() -> [Bytes] {
        switch random.number(0..<100) {
        case 0..<12: return set()
        case 12..<22: return change()
        case 22..<34: return expire()
        case 34..<42: return [text(random.pick(["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"])), key().bytes]
        case 42..<50: return [text(random.pick(["GET", "STRLEN", "TYPE", "GETDEL", "PERSIST"])), key().bytes]
        case 50..<56: return getex()
        case 56..<62: return setex()
        case 62..<65: return [text("SETNX"), key().bytes, value()]
        case 65..<70: return many("MSET", 1..<5) { [$0.key().bytes, $0.value()] }
        case 70..<75: return many("MGET", 1..<6) { [$0.key().bytes] }
        case 75..<79: return many("EXISTS", 1..<5) { [$0.key().bytes] }
        case 79..<82: return many("TOUCH", 1..<5) { [$0.key().bytes] }
        case 82..<85: return many("DEL", 1..<4) { [$0.key().bytes] }
        case 85..<87: return many("UNLINK", 1..<4) { [$0.key().bytes] }
        case 87..<90: return [text("KEYS"), pattern()]
        case 90..<92: return [text("DBSIZE")]
        case 92..<94: return [text("PING"), value()]
        case 94..<95: return [text("ECHO"), value()]
        case 95..<96: return [text("RANDOMKEY")]
        case 96..<97: return [text("SELECT"), number()]
        case 97..<98: return [text("CLIENT"), randomCase(text("SETNAME")), text("n\(random.number(0..<9))")]
        case 98..<99: return [text("CLIENT"), randomCase(text("GETNAME"))]
        default:
            guard random.chance(20) else { return [text("nosuch"), value(), value()] }
            return [text(random.pick(["FLUSHALL", "FLUSHDB"]))] + (random.chance(30) ? [text("async")] : [])
        }
    }

    private mutating func set() -> [Bytes] {
        let key = key()
        var options: [[Bytes]] = []
        if random.chance(25) { options.append([text(random.pick(["NX", "XX"]))]) }
        if random.chance(25) { options.append([text("GET")]) }
        if random.chance(50) { options.append(time(key)) }
        if random.chance(15) { options.append([text("KEEPTTL")]) }
        if random.chance(3) { options.append([text(random.pick(["PERSIST", "NX", "XX", "EX", "foo", ""]))]) }
        options.shuffle(using: &random)
        return [text("SET"), key.bytes, value()] + options.flatMap { $0 }.map { randomCase($0) }
    }

    /// A command that changes a part of a value, counts or renames. A key is renamed to one of its own kind.
    private mutating func change() -> [Bytes] {
        let key = key()
        let other = random.pick(key.isAbsolute ? Self.absoluteKeys : Self.relativeKeys)
        switch random.number(0..<13) {
        case 0: return [text(random.pick(["INCR", "DECR"])), key.bytes]
        case 1: return [text(random.pick(["INCRBY", "DECRBY"])), key.bytes, badNumber()]
        case 2: return [text("INCRBYFLOAT"), key.bytes, text(random.pick(["0.1", "-2.5", "3e2", "x", "1e400", "7"]))]
        case 3, 4: return [text("APPEND"), key.bytes, value()]
        case 5: return [text("SETRANGE"), key.bytes, text(random.pick(["0", "3", "40", "-1"])), value()]
        case 6: return [text(random.pick(["GETRANGE", "SUBSTR"])), key.bytes, offset(), offset()]
        case 7: return [text("GETSET"), key.bytes, value()]
        case 8: return many("MSETNX", 1..<3) { [$0.key().bytes, $0.value()] }
        case 9, 10: return [text(random.pick(["RENAME", "RENAMENX"])), key.bytes, other]
        case 11: return [text("SETBIT"), key.bytes, offset(), text(random.pick(["0", "1", "1", "2"]))]
        default: return [text("GETBIT"), key.bytes, offset()]
        }
    }

    private mutating func offset() -> Bytes { text(random.pick(["0", "1", "5", "-1", "-4", "100", "-100", "x"])) }

    private mutating func getex() -> [Bytes] {
        let key = key()
        var words = [text("GETEX"), key.bytes]
        if random.chance(50) { words += time(key) }
        if random.chance(25) { words.append(text("PERSIST")) }
        return words
    }

    private mutating func setex() -> [Bytes] {
        let key = key()
        // These have no absolute form.
        guard !key.isAbsolute else { return [text("SET"), key.bytes, value()] + time(key) }
        let isSeconds = random.chance(50)
        let time = random.chance(80) ? relativeTime(isSeconds) : badNumber()
        return [text(isSeconds ? "SETEX" : "PSETEX"), key.bytes, time, value()]
    }

    private mutating func expire() -> [Bytes] {
        let key = key()
        let isSeconds = random.chance(50)
        var words = [text((isSeconds ? "" : "P") + (key.isAbsolute ? "EXPIREAT" : "EXPIRE")), key.bytes]
        if random.chance(85) {
            words.append(key.isAbsolute ? absoluteTime(isSeconds) : relativeTime(isSeconds))
        } else {
            words.append(badNumber())
        }
        if random.chance(50) { words.append(text(random.pick(["NX", "XX", "GT", "LT", "nx", "gt", "Lt"]))) }
        if random.chance(10) { words.append(text(random.pick(["NX", "XX", "GT", "LT", "foo"]))) }
        return words
    }

    private mutating func many(
        _ name: String, _ range: Range<Int>, _ make: (inout RandomCommands) -> [Bytes]
    ) -> [Bytes] {
        var words = [text(name)]
        for _ in 0..<random.number(range) { words += make(&self) }
        return words
    }

    // MARK: Words

    private func text(_ text: String) -> Bytes { Bytes(text.utf8) }

    private mutating func key() -> Key {
        let isAbsolute = random.chance(50)
        return Key(bytes: random.pick(isAbsolute ? Self.absoluteKeys : Self.relativeKeys), isAbsolute: isAbsolute)
    }

    private mutating func value() -> Bytes {
        switch random.number(0..<10) {
        case 0: return []
        case 1: return number()
        case 2: return Bytes(repeating: 0x76, count: random.number(0..<3000))
        default: return (0..<random.number(0..<24)).map { _ in UInt8(truncatingIfNeeded: random.number(0..<256)) }
        }
    }

    /// An option with its number.
    private mutating func time(_ key: Key) -> [Bytes] {
        let isSeconds = random.chance(50)
        let option = text((isSeconds ? "EX" : "PX") + (key.isAbsolute ? "AT" : ""))
        if random.chance(10) { return [option, badNumber()] }
        if key.isAbsolute, random.chance(10) {
            mayHoldExpired = true
            return [option, text("\(random.number(1..<1_000_000))")]
        }
        return [option, key.isAbsolute ? absoluteTime(isSeconds) : relativeTime(isSeconds)]
    }

    /// At least 1,000 s, and 1,000 s from every other.
    private mutating func relativeTime(_ isSeconds: Bool) -> Bytes {
        relativeTimes += 1
        let seconds = (relativeTimes * 7919 % 1_000_003 + 1) * 1000
        return text("\(seconds)" + (isSeconds ? "" : "000"))
    }

    /// A few times, so that some are equal, one to nine days ahead.
    private mutating func absoluteTime(_ isSeconds: Bool) -> Bytes {
        let seconds = now + 86_400 * Int64(random.number(1..<10))
        return text(isSeconds ? "\(seconds)" : "\(seconds)\(random.pick(["000", "001", "499", "500", "999"]))")
    }

    /// What is refused, or removes a key at once, wherever a time is due; no time that is near.
    private mutating func badNumber() -> Bytes {
        text(
            random.pick([
                "0", "-1", "-0", "+5", "007", "", "abc", "1.5", " 10", "9223372036854775808", "-9223372036854775808",
                "-9223372036854775809", "99999999999999999999", "1e5", "9223372036854775800000",
            ]))
    }

    private mutating func number() -> Bytes {
        text(random.pick(["0", "1", "-1", "16", "2147483648", "9223372036854775807", "9223372036854775808", "x", "0"]))
    }

    private mutating func pattern() -> Bytes {
        text(
            random.pick(["*", "a", "?", "key:*", "KEY:[12]", "[a-c]", "[^A]", "*1", "u*7", "USER\\*7", "*[*", "\\", ""])
        )
    }

    private mutating func randomCase(_ word: Bytes) -> Bytes {
        guard random.chance(30) else { return word }
        return word.map { byte in
            let isLetter = (0x41...0x5A).contains(byte & 0xDF)
            return isLetter && random.chance(50) ? byte ^ 0x20 : byte
        }
    }

    /// A word too many or too few. Words that are left out never make a command that would end or stall a connection.
    private mutating func damage(_ words: [Bytes]) -> [Bytes] {
        if words.count > 1, random.chance(50) { return words.dropLast() }
        return words + [value()]
    }
}
