import RESP

/// Everything that a rule can allow or forbid: the commands, and the subcommands of those that have some.
struct CommandCatalog: Sendable {
    struct Entry: Sendable {
        /// In lower case: `get`, `config|get`.
        let name: String
        /// Its place in a ``CommandSet``.
        let bit: Int
        let arity: Int
        let flags: Command.Flags
        let categories: CommandCategory
        /// What a subcommand does with its key; nil if it has none.
        var keyUse: KeyUse?
        var subcommands: [Entry] = []
        /// nil for a subcommand.
        var command: Command?
        var isContainer: Bool { !subcommands.isEmpty }
        /// Whether it does something without a subcommand: `COMMAND`, and all that have none.
        var mayStandAlone: Bool { !isContainer || arity == -1 }
    }

    static let shared = CommandCatalog()

    /// The commands, in the order of the table.
    let commands: [Entry]
    private let byName: [String: Entry]
    private let names: [Int: String]

    private init() {
        let table = CommandTable.shared.commands
        commands = table.indices.map { index in
            let command = table[index]
            return Entry(
                name: "\(command.name)", bit: index, arity: command.arity, flags: command.flags,
                categories: command.categories, subcommands: command.id.container?.entries ?? [],
                command: command)
        }
        byName = Dictionary(
            uniqueKeysWithValues: commands.flatMap { [$0] + $0.subcommands }.map { ($0.name, $0) })
        names = Dictionary(uniqueKeysWithValues: byName.values.map { ($0.bit, $0.name) })
    }

    /// - Parameter name: in any case.
    func find(_ name: some Collection<UInt8>) -> Entry? { name.lowercasedWord.flatMap { byName[$0] } }

    /// The full name of a command or a subcommand.
    func name(of bit: Int) -> String? { names[bit] }

    /// The commands and subcommands of a category, in the order of the table.
    func entries(in category: CommandCategory) -> [Entry] {
        commands.flatMap { [$0] + $0.subcommands }.filter { !$0.categories.isDisjoint(with: category) }
    }
}

extension Command.ID {
    /// Its subcommands; nil if it has none.
    var container: (any Subcommand.Type)? {
        switch self {
        case .client: ClientSubcommand.self
        case .config: ConfigSubcommand.self
        case .command: CommandSubcommand.self
        case .acl: AccessSubcommand.self
        case .pubsub: PubSubSubcommand.self
        case .slowlog: SlowLogSubcommand.self
        case .object: ObjectSubcommand.self
        case .memory: MemorySubcommand.self
        case .latency: LatencySubcommand.self
        case .cluster: ClusterSubcommand.self
        case .module: ModuleSubcommand.self
        case .function: FunctionSubcommand.self
        case .script: ScriptSubcommand.self
        case .lease: LeaseSubcommand.self
        default: nil
        }
    }
}

/// A set of commands and subcommands: one bit each.
struct CommandSet: Sendable, Equatable {
    static let capacity = 640

    private var words: InlineArray<10, UInt64>

    static let none = CommandSet(word: 0)
    static let all = CommandSet(word: .max)

    private init(word: UInt64) { words = InlineArray(repeating: word) }

    static func == (left: CommandSet, right: CommandSet) -> Bool {
        left.words.indices.allSatisfy { left.words[$0] == right.words[$0] }
    }

    @inline(__always)
    func contains(_ bit: Int) -> Bool { words[bit >> 6] & 1 << UInt64(bit & 63) != 0 }

    mutating func set(_ bit: Int, _ isMember: Bool) {
        let mask: UInt64 = 1 << UInt64(bit & 63)
        if isMember { words[bit >> 6] |= mask } else { words[bit >> 6] &= ~mask }
    }
}
