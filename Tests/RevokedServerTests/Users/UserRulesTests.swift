import Contract
import Crypto
import RESP
import Testing

@testable import RevokedServer

@Suite struct UserRulesTests {
    private func user(_ rules: String..., prefix: String = "revoked:") throws -> UserDefinition {
        var user = UserDefinition("u")
        try user.apply(rules.map { Array($0.utf8) })
        return user
    }

    private func line(_ user: UserDefinition) -> String { text(user.line) }

    /// A line makes the same user of an empty one.
    @Test(arguments: [
        "on nopass ~* &* +@all", "off resetchannels -@all", "on ~a* %R~b resetchannels &c -@all +get +config|get",
        "on resetchannels +@all -@dangerous +info (%W~x resetchannels -@all +set +select|0) (~* &* +@all)",
        "on %RW~* ~a resetchannels -@all", "on %RW@token %R@all %W@subject resetchannels -@all +set",
    ])
    func aLineIsWhatItWasMadeOf(_ rules: String) throws {
        let words = try UserDefinition.joiningSelectors(rules.split(separator: " ").map { Array($0.utf8) })
        var user = UserDefinition("u")
        try user.apply(words)
        #expect(line(user) == "user u " + rules)
        var again = UserDefinition("u")
        try again.apply(
            try UserDefinition.joiningSelectors(line(user).split(separator: " ").dropFirst(2).map { Array($0.utf8) }))
        #expect(again == user)
    }

    /// The last word about a command stands alone.
    @Test func rulesAboutOneCommandDoNotPileUp() throws {
        func commands(_ rules: String...) throws -> String {
            var user = UserDefinition("u")
            try user.apply(rules.map { Array($0.utf8) })
            return text(user.root.commandsText)
        }
        #expect(try commands("+get", "+GET", "-get", "+get") == "-@all +get")
        #expect(try commands("+config|get", "-config|set", "+config") == "-@all +config")
        #expect(try commands("+@all", "-config", "+config|get") == "+@all -config +config|get")
        #expect(try commands("+get", "-@all") == "-@all")
    }

    /// Repeating a rule adds nothing, and costs no command anything.
    @Test func firstArgumentsDoNotPileUp() throws {
        var user = UserDefinition("u")
        try user.apply((0..<2000).map { Array("+get|\($0 % 2 == 0 ? "a" : "B")".utf8) })
        #expect(user.root.firstArguments.values.flatMap { $0 }.map(text) == ["a", "b"])
        #expect(text(user.root.commandsText) == "-@all +get|a +get|b")
    }

    /// What would be another rule in a file, or none, is none here.
    @Test(arguments: [
        "+select|a b", "+get|a\nuser evil on nopass ~* &* +@all", "+select|a ~*", "+get|a\u{0}", "+get|\u{212a}",
        "(~a\"b\\\"c\" +get)", "(~\"a'b\" +get)", "(~a) +get)", "(~(a +get)", "(&\"a)\" +get)",
    ])
    func aRuleThatAFileCannotHoldIsRefused(_ rule: String) {
        var user = UserDefinition("u")
        #expect(throws: UserDefinition.Refusal.self) { try user.apply([Array(rule.utf8)]) }
    }

    @Test func whatWasTakenAndGivenBackIsThere() throws {
        #expect(try user("~*", "+@all", "-get", "+get").isUnrestricted)
        #expect(try !user("~*", "+@all", "-get").isUnrestricted)
    }

    /// The words of a selector that does not end are counted once each.
    @Test(.timeLimit(.minutes(1))) func aSelectorThatDoesNotEndIsRefusedAtOnce() {
        let words = [Array("(+get".utf8)] + Array(repeating: Array("+set".utf8), count: 200_000)
        #expect(throws: UserDefinition.UnmatchedSelector.self) { try UserDefinition.joiningSelectors(words) }
    }

    @Test func noPasswordIsShown() throws {
        let user = try user("on", ">secret", ">other")
        #expect(!line(user).contains("secret"))
        #expect(
            user.passwords.map(\.hexadecimal)
                == [
                    SHA256.hash(data: Array("secret".utf8)), SHA256.hash(data: Array("other".utf8)),
                ].map { $0.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() })
        do {
            _ = try self.user("<secret")
            Issue.record("a password that is not there was removed")
        } catch let refusal as UserDefinition.Refusal {
            #expect(!text(refusal.shown).contains("secret"))
            #expect(refusal.error == .noSuchPassword)
        }
    }

    @Test func limitsAreKept() throws {
        var user = UserDefinition("u")
        func refusal(_ rules: [String]) -> AccessRuleError? {
            do throws(UserDefinition.Refusal) { try user.apply(rules.map { Array($0.utf8) }) } catch {
                return error.error
            }
            return nil
        }
        #expect(refusal((0..<UserLimits.patterns).map { "~\($0)" }) == nil)
        #expect(refusal(["~x"]) == .tooMany("key patterns", UserLimits.patterns))
        #expect(refusal(["~0"]) == nil)
        #expect(refusal((0..<UserLimits.passwords).map { ">\($0)" }) == nil)
        #expect(refusal([">x"]) == .tooMany("passwords", UserLimits.passwords))
        #expect(refusal((0..<UserLimits.selectors).map { _ in "(+get)" }) == nil)
        #expect(refusal(["(+get)"]) == .tooMany("selectors", UserLimits.selectors))
        #expect(
            refusal(["resetkeys", "~" + String(repeating: "a", count: GlobPattern.maximumLength + 1)])
                == .patternTooLong)
        #expect(
            refusal((0..<UserLimits.commandRules + 1).map { "+get|\($0)" })
                == .tooMany("rules about commands", UserLimits.commandRules))
    }

    /// Rules about a scope: of every issuer, and of nothing that only looks like it.
    @Test func aScopesRuleMatchesItsKeysAlone() throws {
        let rules = try user("%W@token", "%RW@session").root.keys
        let table = KeyRuleTable(rules, GuardedPrefix(bytes: Array("revoked:".utf8)))
        func allows(_ access: KeyAccess, _ key: String) -> Bool { table.allows(access, Array(key.utf8).span.bytes) }
        for key in ["revoked:jti:a", "revoked:label:jti:a", "revoked:odd"] {
            #expect(allows(.write, key), "\(key)")
            #expect(!allows(.read, key), "\(key)")
        }
        for key in ["revoked:sid:a", "revoked:label:sid:a"] { #expect(allows(.all, key), "\(key)") }
        for key in [
            "revoked:all", "revoked:label:all", "revoked:client:a", "revoked:client:jti:a", "revoked:kid:a",
            "revoked:label:kid:jti:a", "revoked:sub:a", "revoked.terms", "jti:a", "revoked", "",
        ] { #expect(!allows(.write, key), "\(key)") }
    }

    @Test func patternsMatchAsTheyStand() {
        func allows(_ pattern: String, _ key: String) -> Bool {
            KeyRuleTable([KeyRule(target: .pattern(Array(pattern.utf8)), access: .all)], GuardedPrefix(bytes: []))
                .allows(.read, Array(key.utf8).span.bytes)
        }
        #expect(allows("a*", "a") && allows("a*", "abc") && !allows("a*", "ba") && !allows("a*", ""))
        #expect(allows("abc", "abc") && !allows("abc", "ab") && !allows("abc", "abcd"))
        #expect(allows("", "") && !allows("", "a") && !allows("*", "") && allows("*", "x"))
        #expect(allows("a?c", "abc") && allows("[ab]*", "bx") && allows("a\\*", "a*") && !allows("a\\*", "ab"))
        #expect(allows("*a*", "xay") && !allows("*a*", "xy"))
    }

    // MARK: Built-in users

    /// Short rules are enough for them; longer ones are the user's own.
    @Test func builtInNamesHaveRules() {
        func make(_ name: UserName, _ rules: String...) -> UserDefinition {
            UserDefinition(new: name, rules: rules.map { Array($0.utf8) }, prefix: "revoked:")
        }
        #expect(text(make("reader", "on", ">x").root.commandsText).contains("+mget"))
        #expect(make("admin", "on", ">x").root == .everything)
        #expect(make("reader", "on", ">x", "+get").root == AccessSelector())
        #expect(make("reader", "reset", "on").root == AccessSelector())
        #expect(make("someone", "on").root == AccessSelector())
        #expect(BuiltInUser.writer.definition(prefix: "a*:").root.keysText.starts(with: "%R~a\\*:*".utf8))
        // The star stands for itself whatever follows it.
        #expect(
            BuiltInUser.reader.definition(prefix: "a*\u{301}:").root.keysText.starts(with: "%R~a\\*\u{301}:*".utf8))
    }

    @Test func noBuiltInUserButTheAdministratorUndoes() {
        let undoing = [
            "del", "unlink", "getdel", "flushdb", "flushall", "acl|setuser", "config|set", "shutdown", "expire",
            "delex", "delifeq", "rename", "renamenx", "append", "msetex",
        ]
        for builtIn in BuiltInUser.allCases {
            let root = builtIn.definition(prefix: "revoked:").root
            for name in undoing {
                let bit = CommandCatalog.shared.find(name.utf8)!.bit
                #expect(root.commands.contains(bit) == (builtIn == .admin), "\(builtIn) \(name)")
            }
        }
    }

    // MARK: Commands

    @Test func everyCommandHasAPlaceOfItsOwn() {
        let entries = CommandCatalog.shared.commands.flatMap { [$0] + $0.subcommands }
        #expect(entries.count > 75)
        #expect(Set(entries.map(\.bit)).count == entries.count)
        #expect(Set(entries.map(\.name)).count == entries.count)
        #expect(entries.allSatisfy { (0..<CommandSet.capacity).contains($0.bit) })
        #expect(CommandTable.shared.commands.count <= CounterSlot.maximumCommands)
        for entry in entries { #expect(CommandCatalog.shared.find(entry.name.uppercased().utf8)?.bit == entry.bit) }
    }

    @Test func aSetOfCommandsHoldsWhatIsPutIn() {
        var set = CommandSet.none
        for bit in [0, 1, 63, 64, 127, CommandSet.capacity - 1] {
            #expect(!set.contains(bit))
            set.set(bit, true)
            #expect(set.contains(bit) && !set.contains(bit ^ 2))
        }
        for bit in [0, 1, 63, 64, 127, CommandSet.capacity - 1] { set.set(bit, false) }
        #expect(set == .none)
        #expect(CommandSet.all.contains(CommandSet.capacity - 1))
    }
}
