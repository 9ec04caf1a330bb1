import Contract
import RESP

/// One set of permissions (Redis, "ACL selectors"): commands, keys and channels. A user has a root one, and may have
/// more; a command is allowed if one of them allows all of it.
struct AccessSelector: Sendable, Equatable {
    private(set) var commands = CommandSet.none
    /// `+@all`, and nothing taken away since, or all of that given back.
    var allowsAllCommands: Bool { commands == .all }
    /// The rules behind `-@all`, or `+@all`.
    private var startsFromAll = false
    /// In lower case.
    private var commandRules: [[UInt8]] = []
    /// What may stand behind a command that is not allowed as such (`+select|0`), by the command's place.
    private(set) var firstArguments: [Int: [[UInt8]]] = [:]
    private(set) var keys: [KeyRule] = []
    private(set) var allowsAllKeys = false
    private(set) var channels: [[UInt8]] = []
    private(set) var allowsAllChannels = false

    /// Everything.
    static let everything: AccessSelector = {
        var selector = AccessSelector()
        for rule in ["allkeys", "allchannels", "allcommands"] {
            do throws(AccessRuleError) { try selector.apply(Array(rule.utf8)) } catch { preconditionFailure(rule) }
        }
        return selector
    }()

    // MARK: Rules

    /// Applies one rule, such as `+get`, `~a*` or `resetkeys`.
    mutating func apply(_ rule: [UInt8]) throws(AccessRuleError) {
        switch rule.lowercasedWord {
        case "allkeys", "~*":
            allowsAllKeys = true
            keys = []
        case "resetkeys":
            allowsAllKeys = false
            keys = []
        case "allchannels", "&*":
            allowsAllChannels = true
            channels = []
        case "resetchannels":
            allowsAllChannels = false
            channels = []
        case "allcommands", "+@all": allowAll(true)
        case "nocommands", "-@all": allowAll(false)
        default:
            switch rule.first {
            case UInt8(ascii: "~"), UInt8(ascii: "%"): try addKeys(rule)
            case UInt8(ascii: "&"): try addChannel(Array(rule.dropFirst()))
            case UInt8(ascii: "+"), UInt8(ascii: "-"): try changeCommands(rule)
            default: throw .syntax
            }
        }
    }

    private mutating func allowAll(_ isAllowed: Bool) {
        commands = isAllowed ? .all : .none
        startsFromAll = isAllowed
        commandRules = []
        firstArguments = [:]
    }

    // MARK: Commands

    private mutating func changeCommands(_ rule: [UInt8]) throws(AccessRuleError) {
        let isAllowed = rule[0] == UInt8(ascii: "+")
        let name = rule.dropFirst().lowercasedASCII
        guard commandRules.count < UserLimits.commandRules else {
            throw .tooMany("rules about commands", UserLimits.commandRules)
        }
        if name.first == UInt8(ascii: "@") {
            guard let category = CommandCategory(named: name.dropFirst()) else { throw .unknownCommand }
            for entry in CommandCatalog.shared.entries(in: category) { set(entry, isAllowed) }
        } else if isAllowed, let bar = name.lastIndex(of: UInt8(ascii: "|")) {
            try allowPart(of: name[..<bar], name[(bar + 1)...])
        } else {
            guard let entry = CommandCatalog.shared.find(name) else { throw .unknownCommand }
            set(entry, isAllowed)
        }
        note(name, isAllowed)
    }

    /// `+command|part`: a subcommand, or a first argument of a command without any.
    private mutating func allowPart(
        of name: ArraySlice<UInt8>, _ part: ArraySlice<UInt8>
    ) throws(AccessRuleError) {
        guard let command = CommandCatalog.shared.find(name) else { throw .unknownCommand }
        guard !command.name.contains("|") else { throw .firstArgumentOfSubcommand }
        guard !part.isEmpty else { throw .syntax }
        if command.isContainer {
            let full = name + [UInt8(ascii: "|")] + part
            guard let entry = CommandCatalog.shared.find(full) else { throw .unknownCommand }
            set(entry, true)
        } else {
            // What a file holds, and its reader takes for the same. Its case makes no difference.
            let argument = Array(part)
            guard argument.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .syntax }
            guard argument.count <= GlobPattern.maximumLength else { throw .patternTooLong }
            firstArguments[command.bit, default: []].removeAll { $0 == argument }
            firstArguments[command.bit, default: []].append(argument)
        }
    }

    private mutating func set(_ entry: CommandCatalog.Entry, _ isAllowed: Bool) {
        commands.set(entry.bit, isAllowed)
        for subcommand in entry.subcommands { commands.set(subcommand.bit, isAllowed) }
        firstArguments[entry.bit] = nil
    }

    /// Keeps the rule for who asks. One about the same command, or about its subcommands, has no effect any more.
    private mutating func note(_ name: [UInt8], _ isAllowed: Bool) {
        let parts = name + [UInt8(ascii: "|")]
        commandRules.removeAll { rule in
            let other = rule.dropFirst()
            return other.elementsEqual(name) || other.starts(with: parts)
        }
        commandRules.append([UInt8(ascii: isAllowed ? "+" : "-")] + name)
    }

    // MARK: Keys and channels

    private mutating func addKeys(_ rule: [UInt8]) throws(AccessRuleError) {
        guard !allowsAllKeys else { throw .patternAfterAll }
        var access: KeyAccess = rule[0] == UInt8(ascii: "~") ? .all : []
        var index = 1
        var isScope = false
        if access.isEmpty {
            loop: while index < rule.count {
                switch rule[index] | 0x20 {
                case UInt8(ascii: "r") where !access.contains(.read): access.insert(.read)
                case UInt8(ascii: "w") where !access.contains(.write): access.insert(.write)
                case _ where rule[index] == UInt8(ascii: "~") || rule[index] == UInt8(ascii: "@"):
                    isScope = rule[index] == UInt8(ascii: "@")
                    index += 1
                    break loop
                default: throw .syntax
                }
                index += 1
            }
            guard !access.isEmpty else { throw .syntax }
        }
        let rest = Array(rule[index...])
        guard !isScope else {
            let word = rest.lowercasedWord
            guard let kind = Scope.Kind.allCases.first(where: { $0.label == word }) else { throw .syntax }
            return try add(KeyRule(target: .scope(kind), access: access))
        }
        try Self.checkPattern(rest)
        try add(KeyRule(target: .pattern(rest), access: access))
    }

    private mutating func add(_ rule: KeyRule) throws(AccessRuleError) {
        if let index = keys.firstIndex(where: { $0.target == rule.target }) {
            keys[index].access.formUnion(rule.access)
        } else {
            guard keys.count < UserLimits.patterns else { throw .tooMany("key patterns", UserLimits.patterns) }
            keys.append(rule)
        }
    }

    private mutating func addChannel(_ pattern: [UInt8]) throws(AccessRuleError) {
        guard !allowsAllChannels else { throw .channelAfterAll }
        try Self.checkPattern(pattern)
        guard !channels.contains(pattern) else { return }
        guard channels.count < UserLimits.patterns else { throw .tooMany("channel patterns", UserLimits.patterns) }
        channels.append(pattern)
    }

    private static func checkPattern(_ pattern: [UInt8]) throws(AccessRuleError) {
        guard !pattern.contains(where: { $0 == 0 || $0 == 0x20 || (0x09...0x0D).contains($0) }) else { throw .syntax }
        guard pattern.count <= GlobPattern.maximumLength else { throw .patternTooLong }
    }

    // MARK: As rules

    /// The rules about commands, as `ACL GETUSER` gives them.
    var commandsText: [UInt8] {
        let beginning = Array((startsFromAll ? "+@all" : "-@all").utf8)
        return Array(([beginning] + commandRules).joined(separator: [UInt8(ascii: " ")]))
    }

    var keysText: [UInt8] {
        allowsAllKeys ? Array("~*".utf8) : Array(keys.map(\.text).joined(separator: [UInt8(ascii: " ")]))
    }

    var channelsText: [UInt8] {
        allowsAllChannels
            ? Array("&*".utf8)
            : Array(channels.map { [UInt8(ascii: "&")] + $0 }.joined(separator: [UInt8(ascii: " ")]))
    }

    /// The rules that make it of an empty one.
    var text: [UInt8] {
        var parts: [[UInt8]] = []
        if !keysText.isEmpty { parts.append(keysText) }
        if !allowsAllChannels { parts.append(Array("resetchannels".utf8)) }
        if !channelsText.isEmpty { parts.append(channelsText) }
        parts.append(commandsText)
        return Array(parts.joined(separator: [UInt8(ascii: " ")]))
    }
}
