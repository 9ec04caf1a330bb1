import Crypto
import RESP

/// One version of a user, which never changes: `ACL SETUSER` makes another. Connections keep the one that they go by
/// until they read again (``ClientSession/refreshUser(_:)``).
final class User: Sendable {
    let definition: UserDefinition
    /// The same in all versions of a user. One that is deleted and made anew is another.
    let identity: UInt64
    /// It may run every command on every key: nothing else has to be asked.
    let isUnrestricted: Bool
    /// As many as a user may have, whatever it has: that all take the same time hides which users there are.
    let comparedPasswords: [PasswordDigest]
    private let selectors: [Selector]
    /// Whether it may read every revocation and the epoch, with each of `GET MGET EXISTS TTL`. Rules that allow it one
    /// by one are not found.
    let readsEveryRevocation: Bool
    /// Whether one of its selectors allows `GET` of every key.
    let readsAllKeys: Bool

    fileprivate struct Selector: Sendable {
        let commands: CommandSet
        /// In lower case.
        let firstArguments: [Int: [[UInt8]]]
        /// nil: all keys.
        let keys: KeyRuleTable?
        let channels: ChannelRules
    }

    init(_ definition: UserDefinition, identity: UInt64, prefix: GuardedPrefix) {
        self.definition = definition
        self.identity = identity
        let missing = UserLimits.passwords - definition.passwords.count
        comparedPasswords = definition.passwords + Array(repeating: .ofNoPassword, count: missing)
        let all = [definition.root] + definition.selectors
        isUnrestricted = definition.isUnrestricted
        let selectors = all.map {
            Selector(
                commands: $0.commands, firstArguments: $0.firstArguments.mapValues { $0.map(\.lowercasedASCII) },
                keys: $0.allowsAllKeys ? nil : KeyRuleTable($0.keys, prefix), channels: ChannelRules($0))
        }
        self.selectors = selectors
        readsAllKeys = selectors.contains {
            $0.commands.contains(Self.readingCommands[0]) && $0.keys?.allowsReadingAll ?? true
        }
        let readers = selectors.filter { $0.keys?.allowsReadingRevocations ?? true }
        readsEveryRevocation = Self.readingCommands.allSatisfy { bit in readers.contains { $0.commands.contains(bit) } }
    }

    /// Places in a ``CommandSet``, that of `GET` first.
    private static let readingCommands = ["get", "mget", "exists", "ttl"].map {
        CommandTable.shared.find(Array($0.utf8).span.bytes)
    }

    var name: UserName { definition.name }
    var isAdministrator: Bool { definition.isAdministrator }
    /// New connections may be this user without a password.
    var isOpen: Bool { definition.isOpen }

    /// Whether a password is one of its; in a time that tells neither which, nor how many there are.
    func accepts(_ password: SHA256.Digest) -> Bool {
        let isRight = comparedPasswords.reduce(false) { $1.matches(password) || $0 }
        return definition.isOn && (definition.needsNoPassword || isRight)
    }

    // MARK: Permissions

    enum Denial: Equatable {
        case command
        /// The key's place among the arguments.
        case key(Int)
        /// The channel's place.
        case channel(Int)
    }

    /// Why this user may not run a command; nil if it may.
    /// - Parameters:
    ///   - bit: the place of the command, or of its subcommand.
    ///   - start: where the command begins among the arguments (`ACL DRYRUN`).
    func denial(of command: Command, bit: Int, _ arguments: Arguments, from start: Int = 0) -> Denial? {
        guard !isUnrestricted || command.flags.contains(.pubsub), !command.flags.contains(.noAuthentication) else {
            return nil
        }
        var denial = Denial.command
        for selector in selectors {
            guard selector.allows(command, bit, arguments, from: start) else { continue }
            if let channel = selector.channels.denied(of: command, arguments, from: start) {
                // Redis tells the one that was reached last.
                if case .channel(let other) = denial, other >= channel { continue }
                denial = .channel(channel)
                continue
            }
            guard let keys = selector.keys, command.firstKey > 0, command.keyUse != .channel else { return nil }
            guard let key = Self.deniedKey(of: command, arguments, from: start, keys) else { return nil }
            if case .key(let other) = denial, other >= key { continue }
            denial = .key(key)
        }
        return denial
    }

    /// Whether one of its selectors allows a channel, or a pattern of channels.
    func allows(_ channel: RawSpan, isPattern: Bool) -> Bool {
        for selector in selectors where selector.channels.allow(channel, isPattern: isPattern) { return true }
        return false
    }

    private static func deniedKey(
        of command: Command, _ arguments: Arguments, from start: Int, _ keys: KeyRuleTable
    ) -> Int? {
        let last = command.lastKey(
            among: arguments.count - start, arguments[start + command.firstKey - 1].parseInteger())
        for index in stride(from: command.firstKey, through: last, by: command.keyStep) {
            let access = command.keyUse(at: index, arguments, from: start).access
            guard keys.allows(access, arguments[start + index]) else { return start + index }
        }
        return nil
    }
}

extension User.Selector {
    fileprivate func allows(_ command: Command, _ bit: Int, _ arguments: Arguments, from start: Int) -> Bool {
        if commands.contains(bit) { return true }
        guard let allowed = firstArguments[bit], arguments.count > start + 1 else { return false }
        // Each word of `INFO` names a section. Redis looks at the first alone, and gives the others away.
        let last = command.id == .info ? arguments.count - 1 : start + 1
        return (start + 1...last).allSatisfy { index in
            arguments[index].withUnsafeBytes { bytes in
                // Up to a zero, as in Redis.
                let word = bytes.prefix { $0 != 0 }
                return allowed.contains { $0.count == word.count && $0.elementsEqual(word.lazy.map(\.lowercasedASCII)) }
            }
        }
    }
}

extension Command {
    /// What it does with the key at a place: `SET` reads one only with `GET`, and tells of its value with `IFEQ` and
    /// `IFNE`, as `DELEX` does with a condition.
    /// - Parameter start: where the command begins among the arguments.
    func keyUse(at place: Int, _ arguments: borrowing Arguments, from start: Int = 0) -> KeyUse {
        guard place == firstKey else { return otherKeyUse }
        if id == .delex { return arguments.count - start > 2 ? .takes : .removes }
        guard id == .set else { return keyUse }
        for index in stride(from: start + 3, to: arguments.count, by: 1) {
            let word = arguments[index]
            let isReading =
                word.equalsIgnoringCase("get") || word.equalsIgnoringCase("ifeq") || word.equalsIgnoringCase("ifne")
            if isReading { return .readsAndUpdates }
        }
        return .overwrites
    }
}
