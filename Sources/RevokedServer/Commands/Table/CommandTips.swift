/// The tips of commands, as `COMMAND INFO` of Redis 7.0 has them: how a client of a cluster should send one, and what
/// of its reply may differ from one server to another.
enum CommandTips {
    private static let groups: [(tips: [String], names: String)] = [
        (
            ["nondeterministic_output"],
            "client|info client|list cluster|bumpepoch cluster|count-failure-reports cluster|getkeysinslot cluster|info "
                + "cluster|links cluster|nodes cluster|replicas cluster|shards cluster|slaves cluster|slots lastsave "
                + "object|encoding object|freq object|idletime object|refcount pttl time ttl"
        ),
        (
            ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
            "latency|doctor latency|graph latency|histogram latency|history latency|latest"
        ),
        (
            ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
            "function|stats info memory|doctor memory|malloc-stats memory|stats"
        ),
        (["nondeterministic_output", "request_policy:special"], "scan"),
        (
            ["nondeterministic_output_order"],
            "command command|docs command|info command|list function|list module|list"
        ),
        (["request_policy:all_nodes", "nondeterministic_output"], "slowlog|get"),
        (["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"], "slowlog|len"),
        (
            ["request_policy:all_nodes", "response_policy:all_succeeded"],
            "config|set latency|reset script|flush script|load slowlog|reset"
        ),
        (["request_policy:all_shards", "nondeterministic_output"], "randomkey"),
        (["request_policy:all_shards", "nondeterministic_output_order"], "keys"),
        (["request_policy:all_shards", "response_policy:agg_logical_and"], "script|exists"),
        (["request_policy:all_shards", "response_policy:agg_min"], "wait"),
        (["request_policy:all_shards", "response_policy:agg_sum"], "dbsize"),
        (
            ["request_policy:all_shards", "response_policy:all_succeeded"],
            "flushall flushdb function|delete function|flush function|load function|restore memory|purge ping"
        ),
        (["request_policy:all_shards", "response_policy:one_succeeded"], "function|kill script|kill"),
        (["request_policy:multi_shard"], "mget"),
        (["request_policy:multi_shard", "response_policy:agg_min"], "msetnx"),
        (["request_policy:multi_shard", "response_policy:agg_sum"], "del exists touch unlink"),
        (["request_policy:multi_shard", "response_policy:all_succeeded"], "mset"),
    ]

    private static let byName: [String: [String]] = {
        let pairs = groups.flatMap { group in group.names.split(separator: " ").map { (String($0), group.tips) } }
        return Dictionary(uniqueKeysWithValues: pairs)
    }()

    /// - Parameter name: in full, such as `config|get`.
    static func of(_ name: String) -> [String] { byName[name] ?? [] }
}
