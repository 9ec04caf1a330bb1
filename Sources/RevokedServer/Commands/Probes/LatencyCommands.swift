import RESP

/// `LATENCY`: no events are sampled. How long requests and syncs take is in the metrics.
enum LatencyCommands {
    static func latency(_ arguments: Arguments, _ session: borrowing ClientSession, _ context: inout ServingContext) {
        switch LatencySubcommand.read(arguments, session, &context) {
        case .latest, .history: context.reply.array(0)
        case .histogram: context.reply.map(0)
        case .reset: context.reply.integer(0)
        case .graph: context.failWithWord("ERR No samples available for event '", arguments[2], "'")
        case .doctor: context.reply.verbatim("No events are sampled: /metrics has the times of requests and syncs.\n")
        case nil: break
        }
    }
}

enum LatencySubcommand: String, Subcommand {
    case doctor, graph, histogram, history, latest, reset

    static let family = SubcommandFamily.latency
    static let flags: Command.Flags = [.noScript, .loading, .stale]
    static let categories: CommandCategory = []
    static let group = "server"
    static let usualPrivilege = SubcommandRule.Privilege.admin

    var rule: SubcommandRule {
        switch self {
        case .doctor: makeRule(2, "Tells where latencies are to be found.", since: "2.8.13")
        case .graph: makeRule(3, "Answers that there are no samples of an event.", since: "2.8.13", "event")
        case .histogram: makeRule(-2, "Gets no histograms.", since: "7.0.0", "[command...]")
        case .history: makeRule(3, "Gets no samples of an event.", since: "2.8.13", "event")
        case .latest: makeRule(2, "Gets no events.", since: "2.8.13")
        case .reset: makeRule(-2, "Forgets no events.", since: "2.8.13", "[event...]")
        }
    }
}
