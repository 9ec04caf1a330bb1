import Contract
import Replication

/// Whether a store keeps what it acknowledged, according to `INFO`. (`CONFIG` may be disabled.)
struct StoreAudit: Sendable, Equatable {
    let dialect: StoreDialect
    /// What an operator should know.
    let warnings: [String]
    /// The longest time to live of a revocation that the store accepts, in seconds.
    let longestToLive: Int64
    /// What guarded keys begin with; nil for a store that has none.
    var guardedPrefix: String?
    /// For how long a write may wait for followers, in milliseconds.
    var lease: Int64 = 0

    /// - Parameter information: sections `server`, `memory`, `persistence` and `replication` of `INFO`.
    /// - Parameter policies: eviction policies that are accepted by name.
    /// - Parameter acceptsReplica: whether the store may be a replica, or leave out its role.
    /// - Parameter prefix: of the keys of revocations; nil if none is read or written.
    /// - Throws: ``StoreFailure/Code/unsafeStore`` if the store evicts or is a replica, and that was not accepted, or
    ///   guards other keys.
    init(
        information: String, accepting policies: Set<String>, acceptsReplica: Bool = false, prefix: String? = nil
    ) throws(StoreFailure) {
        let fields = Self.fields(of: information)
        // Our daemon never evicts and owns its epoch.
        guard !Self.isRevokedDaemon(fields) else {
            dialect = .daemon
            warnings = []
            longestToLive = Self.longestToLive(fields)
            guardedPrefix = fields["guarded_prefix"].map { String($0) }
            // To the daemon other keys are plain strings: a later write could shorten or replace a revocation.
            if let prefix, let guardedPrefix, !guardedPrefix.utf8.elementsEqual(prefix.utf8) {
                throw StoreFailure(
                    .unsafeStore,
                    """
                    revocations of this process begin with \(prefix) and the daemon guards keys that begin with \
                    \(guardedPrefix) (start the daemon with --guarded-prefix \(prefix) or change the namespace in the \
                    configuration)
                    """)
            }
            lease = min(max(0, fields["lease_ms"].flatMap { Int64($0) } ?? 0), LeaseGrant.longest)
            return
        }
        longestToLive = Lifetime.longestToLive
        dialect = .stock(combinesSetOptions: Self.majorVersion(fields) >= 7)
        var warnings: [String] = []
        let policy = Self.evictionPolicy(fields)
        if policy != "noeviction" {
            guard policies.contains(policy) else {
                throw StoreFailure(
                    .unsafeStore,
                    """
                    the store's eviction policy (\(policy)) may drop revocations silently: set maxmemory-policy \
                    noeviction there, or accept this policy by its name in the configuration
                    """)
            }
            warnings.append("the store may evict revocations: \(policy) was accepted by name")
        }
        if fields["aof_enabled"] != "1" {
            warnings.append("the store has no append-only file: a crash loses acknowledged revocations")
        }
        if fields["role"] != "master" {
            guard acceptsReplica else {
                throw StoreFailure(
                    .unsafeStore,
                    """
                    the store is a replica, which may not know of the latest revocations: name its primary in the URL, \
                    or accept a replica in the configuration
                    """)
            }
            warnings.append("the store is a replica, which was accepted: it may lag behind its primary")
        }
        self.warnings = warnings
    }

    /// Whether the `server` section of `INFO` is our daemon's.
    static func isRevokedDaemon(information: String) -> Bool {
        isRevokedDaemon(fields(of: information))
    }

    private static func isRevokedDaemon(_ fields: [Substring: Substring]) -> Bool {
        fields["server_name"] == "revoked"
    }

    /// Older daemons leave the field out.
    private static func longestToLive(_ fields: [Substring: Substring]) -> Int64 {
        guard let seconds = fields["max_revocation_seconds"].flatMap({ Int64($0) }), seconds > 0 else {
            return Lifetime.longestToLive
        }
        return seconds
    }

    /// Zero if `INFO` does not say.
    private static func majorVersion(_ fields: [Substring: Substring]) -> Int {
        fields["redis_version"].flatMap { Int($0.prefix { $0 != "." }) } ?? 0
    }

    /// The policy's name; `unknown` if `INFO` does not say, or not with a name.
    private static func evictionPolicy(_ fields: [Substring: Substring]) -> String {
        guard let policy = fields["maxmemory_policy"], (1...32).contains(policy.utf8.count),
            policy.allSatisfy({ $0 == "-" || ("a"..."z").contains($0) })
        else { return "unknown" }
        return String(policy)
    }

    private static func fields(of information: String) -> [Substring: Substring] {
        var fields: [Substring: Substring] = [:]
        for line in information.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon]] = line[line.index(after: colon)...]
        }
        return fields
    }
}
