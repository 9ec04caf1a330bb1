/// What a server says of itself in `INFO`, before its keys are imported.
package struct SourceFacts: Sendable, Equatable {
    /// Of its process.
    package let runID: String
    /// The name of its stream (``StreamPosition/stretch``).
    package let stretch: String
    package let version: String
    /// Its wall clock, in Unix milliseconds; nil if it does not say.
    package let time: Int64?
    private let isRevoked: Bool
    private let isPrimary: Bool
    private let isCluster: Bool

    /// - Parameter text: the text of `INFO`.
    package init(_ text: String) {
        var fields: [Substring: Substring] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon]] = line[colon...].dropFirst()
        }
        func field(_ name: Substring) -> String { String((fields[name] ?? "").prefix(64)) }
        runID = field("run_id")
        stretch = field("master_replid")
        version = fields["valkey_version"].map { "Valkey \($0.prefix(16))" } ?? "Redis \(field("redis_version"))"
        time = Int64(field("server_time_usec")).map { $0 / 1000 }
        isRevoked = fields["server_name"] == "revoked"
        isPrimary = field("role") == "master"
        isCluster = field("cluster_enabled") == "1"
    }

    /// Why the keys of this server cannot be imported; nil if they can.
    /// - Parameters:
    ///   - ownRunID: that of the process which imports.
    ///   - ownStretch: of its own stream, which its replicas have too; empty without one.
    package func refusal(ownRunID: String, ownStretch: String) -> String? {
        if runID == ownRunID { return "it is this daemon itself" }
        if !ownStretch.isEmpty, stretch == ownStretch { return "it is a replica of this daemon" }
        if isRevoked { return "it is a revoked daemon: copy its data directory instead" }
        if !isPrimary { return "it is a replica: name its primary" }
        if isCluster { return "it is a node of a Cluster, which holds a part of the keys only" }
        return nil
    }
}
