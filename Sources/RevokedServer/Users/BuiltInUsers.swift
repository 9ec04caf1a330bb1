import RESP

/// The users that need no rules: named sets of rules, each for one kind of program (Operating.md, *Users*).
///
/// A user of such a name gets them when it is made by rules that only say whether it is on, and its passwords.
enum BuiltInUser: String, CaseIterable {
    /// Checks tokens.
    case reader
    /// Checks, and revokes tokens, sessions and subjects: an auth node.
    case writer
    /// Checks, and revokes whatever there is.
    case `operator`
    /// Copies everything, plain keys included: a stock server that follows.
    case replica
    /// Copies, and holds leases: it checks in its own memory, and revocations wait for it.
    case follower
    /// Everything; alone then may undo and administer.
    case admin

    var name: UserName { UserName(rawValue.utf8)! }

    /// What our client sends at connect and in checks. `AUTH HELLO QUIT RESET` need no right.
    private static let reads = [
        "+get", "+mget", "+exists", "+ttl", "+pttl", "+time", "+ping", "+echo", "+select", "+client|setinfo",
        "+client|setname", "+client|getname", "+client|id", "+command", "+info|server", "+info|memory",
        "+info|persistence", "+info|replication",
    ]
    private static let copies = [
        "+psync", "+replconf", "+ping", "+select", "+client|setinfo", "+client|setname", "+client|id",
        "+info|server", "+info|replication", "+info|followers",
    ]
    private static let writes = ["+set", "+setex", "+psetex", "+lease|receipt"]

    /// - Parameter prefix: the guarded one.
    func rules(prefix: String) -> [String] {
        // As it stands, not as a pattern.
        let guarded = prefix.unicodeScalars.map { "*?[]\\".unicodeScalars.contains($0) ? "\\\($0)" : "\($0)" }.joined()
        let reading = ["%R~\(guarded)*", "%R~revoked.*"]
        // The first process of a denylist writes the terms.
        let terms = "%RW~revoked.terms"
        return switch self {
        case .reader: reading + Self.reads
        case .writer:
            // And what nodes know of a user's sessions.
            reading + ["%RW@token", "%RW@session", "%RW@subject", terms, "%RW~sessions:\(guarded)*"] + Self.reads
                + Self.writes
        case .operator: ["%RW~\(guarded)*", "%R~revoked.*", terms] + Self.reads + Self.writes
        case .replica: Self.copies
        case .follower: Self.copies + ["+lease"]
        case .admin: ["allkeys", "allchannels", "allcommands"]
        }
    }

    /// The user before any rule of its own.
    func definition(prefix: String) -> UserDefinition {
        var user = UserDefinition(name)
        do throws(UserDefinition.Refusal) { try user.apply(rules(prefix: prefix).map { Array($0.utf8) }) } catch {
            preconditionFailure("a built-in rule cannot be applied: \(String(decoding: error.rule, as: UTF8.self))")
        }
        return user
    }
}

extension UserDefinition {
    /// A user that is new: empty, or with the built-in rules of its name if its own say nothing of permissions.
    init(new name: UserName, rules: [[UInt8]], prefix: String) {
        let builtIn = BuiltInUser.allCases.first { $0.name == name }
        if let builtIn, rules.allSatisfy(Self.leavesPermissions) {
            self = builtIn.definition(prefix: prefix)
        } else {
            self.init(name)
        }
    }

    private static func leavesPermissions(_ rule: [UInt8]) -> Bool {
        if let mark = rule.first, Array("><#!".utf8).contains(mark) { return true }
        return ["", "on", "off", "nopass", "resetpass"].contains(rule.lowercasedWord)
    }
}
