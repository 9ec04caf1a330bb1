import Denylist
import RESP

/// `OBJECT`: every value is a string.
enum ObjectCommands {
    static func object(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        guard let subcommand = ObjectSubcommand.read(arguments, session, &context) else { return }
        let found = context.find(2, of: arguments) { value, _ in Form(value) }
        guard let form = found else { return context.reply.null() }
        switch subcommand {
        case .encoding: context.reply.bulk(form.encoding)
        case .refcount: context.reply.integer(form.references)
        // Nothing is kept of when a key was last used.
        case .idletime: context.reply.integer(0)
        case .freq:
            context.fail(
                "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when "
                    + "switching between policies at runtime LRU and LFU data will take some time to adjust.")
        }
    }

    /// How Redis would keep a value that was just set.
    struct Form {
        let encoding: String
        let references: Int64

        private static let longestEmbedded = 44
        private static let longestNumber = 20
        /// Redis shares the numbers below this.
        private static let shared: Int64 = 10_000

        init(_ value: RawSpan) {
            let number = value.byteCount <= Self.longestNumber ? value.parseInteger() : nil
            encoding = number != nil ? "int" : value.byteCount <= Self.longestEmbedded ? "embstr" : "raw"
            let isShared = number.map { (0..<Self.shared).contains($0) } ?? false
            references = isShared ? Int64(Int32.max) : 1
        }
    }
}

extension ServingContext {
    /// Reads a key of a subcommand, which is not hashed before, without counting the look-up.
    /// - Returns: nil if there is no live entry.
    func find<Result>(
        _ index: Int, of arguments: borrowing Arguments, _ body: (_ value: RawSpan, _ expiry: Int64) -> Result
    ) -> Result? {
        let hash = denylist.hash(of: arguments[index])
        return table(of: arguments[index], hash)?.read(arguments[index], hash: hash, at: moment, body)
    }
}

enum ObjectSubcommand: String, Subcommand {
    case encoding, freq, idletime, refcount

    static let family = SubcommandFamily.object
    static let flags: Command.Flags = .readOnly
    static let categories = CommandCategory.keyspace
    static let group = "generic"
    static let usualPrivilege = SubcommandRule.Privilege.none

    var rule: SubcommandRule {
        switch self {
        case .encoding: makeRule(3, "Tells how Redis would keep the value.", since: "2.2.3", "key", key: .looks)
        case .freq: makeRule(3, "Answers that uses are not counted.", since: "4.0.0", "key", key: .looks)
        case .idletime: makeRule(3, "Answers 0: times of use are not kept.", since: "2.2.3", "key", key: .looks)
        case .refcount: makeRule(3, "Tells how often Redis would share the value.", since: "2.2.3", "key", key: .looks)
        }
    }
}
