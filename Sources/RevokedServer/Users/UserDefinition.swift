import RESP

/// What the rules of `ACL SETUSER` say of a user. Changed rule by rule; what a connection goes by is a ``User``.
struct UserDefinition: Sendable, Equatable {
    let name: UserName
    private(set) var isOn = false
    /// Any password will do.
    private(set) var needsNoPassword = false
    private(set) var passwords: [PasswordDigest] = []
    private(set) var root = AccessSelector()
    private(set) var selectors: [AccessSelector] = []
    /// Whether `RESTORE` would check what it reads: kept for Redis' sake. nil: never said.
    private var sanitizesPayload: Bool?

    /// One that may do nothing.
    init(_ name: UserName) { self.name = name }

    /// Redis' `default`: everything, without a password.
    static let unrestrictedDefault: UserDefinition = {
        var user = UserDefinition(.default)
        user.isOn = true
        user.needsNoPassword = true
        user.root = .everything
        return user
    }()

    /// Whether it is the one who alone may undo and administer.
    var isAdministrator: Bool { name == .admin }

    /// Nobody needs a password to be it.
    var isOpen: Bool { isOn && needsNoPassword }
    /// It may run every command on every key.
    var isUnrestricted: Bool { ([root] + selectors).contains { $0.allowsAllCommands && $0.allowsAllKeys } }

    /// Takes this password, and no other.
    mutating func setOnlyPassword(_ password: String) {
        needsNoPassword = false
        passwords = [PasswordDigest(of: Array(password.utf8))]
    }

    mutating func turnOn() { isOn = true }

    /// Turns it off, and takes its passwords away.
    mutating func shut() {
        (isOn, needsNoPassword) = (false, false)
        passwords = []
    }

    // MARK: Rules

    /// A rule that could not be applied, and why.
    struct Refusal: Error, Equatable {
        let rule: [UInt8]
        let error: AccessRuleError

        /// The rule as an error may show it, up to a zero as in Redis: what may be a password is left out.
        var shown: [UInt8] {
            guard let mark = rule.first, mark == UInt8(ascii: ">") || mark == UInt8(ascii: "<") else {
                return Array(rule.prefix { $0 != 0 })
            }
            return [mark] + Array("(password)".utf8)
        }
    }

    /// Applies rules in their order. Selectors are whole (``joiningSelectors(_:)``).
    mutating func apply(_ rules: [[UInt8]]) throws(Refusal) {
        for rule in rules {
            do throws(AccessRuleError) { try apply(rule) } catch { throw Refusal(rule: rule, error: error) }
        }
    }

    private mutating func apply(_ rule: [UInt8]) throws(AccessRuleError) {
        switch rule.lowercasedWord {
        case "": break
        case "on": isOn = true
        case "off": isOn = false
        case "nopass":
            needsNoPassword = true
            passwords = []
        case "resetpass":
            needsNoPassword = false
            passwords = []
        case "sanitize-payload": sanitizesPayload = true
        case "skip-sanitize-payload": sanitizesPayload = false
        case "clearselectors": selectors = []
        case "reset":
            self = UserDefinition(name)
            sanitizesPayload = true
        default: try applyMarked(rule)
        }
    }

    private mutating func applyMarked(_ rule: [UInt8]) throws(AccessRuleError) {
        let rest = Array(rule.dropFirst())
        switch rule.first {
        case UInt8(ascii: ">"): try add(PasswordDigest(of: rest))
        case UInt8(ascii: "#"): try add(PasswordDigest(hexadecimal: rest))
        case UInt8(ascii: "<"): try remove(PasswordDigest(of: rest))
        case UInt8(ascii: "!"): try remove(PasswordDigest(hexadecimal: rest))
        case UInt8(ascii: "(") where rule.last == UInt8(ascii: ")"): try addSelector(Array(rest.dropLast()))
        default: try root.apply(rule)
        }
    }

    private mutating func add(_ password: PasswordDigest) throws(AccessRuleError) {
        needsNoPassword = false
        guard !passwords.contains(password) else { return }
        guard passwords.count < UserLimits.passwords else { throw .tooMany("passwords", UserLimits.passwords) }
        passwords.append(password)
    }

    private mutating func remove(_ password: PasswordDigest) throws(AccessRuleError) {
        guard let index = passwords.firstIndex(of: password) else { throw .noSuchPassword }
        passwords.remove(at: index)
    }

    private mutating func addSelector(_ rules: [UInt8]) throws(AccessRuleError) {
        guard selectors.count < UserLimits.selectors else { throw .tooMany("selectors", UserLimits.selectors) }
        let words: [[UInt8]]
        do { words = try InlineRequest.split(rules.span.bytes) } catch { throw .syntax }
        var selector = AccessSelector()
        for word in words {
            // In a file they would begin or end something else.
            guard !word.contains(where: { Array("()'\"".utf8).contains($0) }) else { throw .syntax }
            try selector.apply(word)
        }
        selectors.append(selector)
    }

    /// Puts the words of each selector together: `(+get`, `~a)` is one rule.
    /// - Throws: the beginning of a selector that does not end.
    static func joiningSelectors(_ words: [[UInt8]]) throws(UnmatchedSelector) -> [[UInt8]] {
        var rules: [[UInt8]] = []
        var beginning: [UInt8]?
        for word in words {
            let isInside = beginning != nil
            if isInside {
                rules[rules.count - 1].append(UInt8(ascii: " "))
                rules[rules.count - 1] += word
            } else {
                rules.append(word)
            }
            if word.last == UInt8(ascii: ")") {
                beginning = nil
            } else if !isInside, word.first == UInt8(ascii: "(") {
                beginning = word
            }
        }
        if let beginning { throw UnmatchedSelector(beginning: beginning) }
        return rules
    }

    struct UnmatchedSelector: Error {
        let beginning: [UInt8]

        var message: [UInt8] {
            Array("Unmatched parenthesis in acl selector starting at '".utf8) + beginning + Array("'.".utf8)
        }
    }

    // MARK: As rules

    /// As `ACL GETUSER` gives them.
    var flags: [String] {
        var flags = [isOn ? "on" : "off"]
        if needsNoPassword { flags.append("nopass") }
        if let sanitizesPayload { flags.append(sanitizesPayload ? "sanitize-payload" : "skip-sanitize-payload") }
        return flags
    }

    /// A line of `ACL LIST`, and of an ACL file.
    var line: [UInt8] {
        let space = [UInt8(ascii: " ")]
        var parts = [Array("user".utf8), name.bytes]
        parts += (flags + passwords.map { "#" + $0.hexadecimal }).map { Array($0.utf8) }
        parts.append(root.text)
        for selector in selectors { parts.append([UInt8(ascii: "(")] + selector.text + [UInt8(ascii: ")")]) }
        return Array(parts.joined(separator: space))
    }
}
