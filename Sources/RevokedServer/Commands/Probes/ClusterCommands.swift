import RESP

/// `CLUSTER` and what else concerns a Redis Cluster: clients ask whether there is one.
enum ClusterCommands {
    private static let disabled = "ERR This instance has cluster support disabled"

    static func cluster(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        if ClusterSubcommand.read(arguments, session, &context) != nil { context.fail(disabled) }
    }

    /// `READONLY`, `READWRITE` and `ASKING`.
    static func refuse(_ context: inout ServingContext) { context.fail(disabled) }
}

enum ClusterSubcommand: String, Subcommand {
    case info, nodes, slots, shards, links, myid, keyslot, countkeysinslot, getkeysinslot, replicas, slaves
    case meet, forget, replicate, failover, reset, addslots, addslotsrange, delslots, delslotsrange, flushslots, setslot
    case bumpepoch, saveconfig
    case setConfigEpoch = "set-config-epoch"
    case countFailureReports = "count-failure-reports"

    static let family = SubcommandFamily.cluster
    static let flags: Command.Flags = [.admin, .stale, .noAsyncLoading]
    static let categories: CommandCategory = []
    static let group = "cluster"
    static let usualPrivilege = SubcommandRule.Privilege.none

    var rule: SubcommandRule {
        switch self {
        case .info, .nodes, .slots, .myid: makeQuestion(2, since: "3.0.0")
        case .shards, .links: makeQuestion(2, since: "7.0.0")
        case .keyslot: makeQuestion(3, since: "3.0.0", "key")
        case .countkeysinslot: makeQuestion(3, since: "3.0.0", "slot")
        case .getkeysinslot: makeQuestion(4, since: "3.0.0", "slot count")
        case .replicas: makeRule(3, Self.summary, since: "5.0.0", "node-id", flags: [.admin, .stale])
        case .slaves: makeRule(3, Self.summary, since: "3.0.0", "node-id", flags: [.admin, .stale])
        case .countFailureReports: makeRule(3, Self.summary, since: "3.0.0", "node-id", flags: [.admin, .stale])
        case .meet: makeRule(-4, Self.summary, since: "3.0.0", "ip port [cluster-bus-port]")
        case .forget, .replicate: makeRule(3, Self.summary, since: "3.0.0", "node-id")
        case .failover: makeRule(-2, Self.summary, since: "3.0.0", "[FORCE | TAKEOVER]")
        case .reset:
            makeRule(-2, Self.summary, since: "3.0.0", "[HARD | SOFT]", flags: [.admin, .noScript, .stale])
        case .addslots, .delslots: makeRule(-3, Self.summary, since: "3.0.0", "slot...")
        case .addslotsrange, .delslotsrange: makeRule(-4, Self.summary, since: "7.0.0", "(start-slot end-slot)...")
        case .setslot:
            makeRule(
                -4, Self.summary, since: "3.0.0", "slot (IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE)"
            )
        case .setConfigEpoch: makeRule(3, Self.summary, since: "3.0.0", "config-epoch")
        case .flushslots, .bumpepoch, .saveconfig: makeRule(2, Self.summary, since: "3.0.0")
        }
    }

    private static let summary = "Answers that there is no cluster."

    private func makeQuestion(_ arity: Int, since: String, _ syntax: String = "") -> SubcommandRule {
        makeRule(arity, Self.summary, since: since, syntax, flags: .stale)
    }
}
