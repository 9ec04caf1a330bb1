/// Variables that Kubernetes sets in every pod: for a Service called `revoked`, `REVOKED_PORT=tcp://10.96.0.12:7379`.
/// They look like settings of ours and are none.
package enum ServiceVariables {
    /// Takes them out of an environment.
    /// - Parameter prefix: what the names of settings begin with, such as `REVOKED_`.
    /// - Returns: the other variables, and the names of those that were taken out.
    package static func remove(
        from environment: [String: String], prefix: String
    ) -> (environment: [String: String], removed: [String]) {
        let removed = environment.filter { name, value in
            name.hasPrefix(prefix) && name.hasSuffix("_PORT")
                && ["tcp://", "udp://", "sctp://"].contains { value.hasPrefix($0) }
        }.keys.sorted()
        return (environment.filter { !removed.contains($0.key) }, removed)
    }

    /// What to tell of them.
    package static func notice(_ names: [String]) -> String? {
        guard !names.isEmpty else { return nil }
        return
            "ignoring \(names.joined(separator: ", ")): Kubernetes sets it for a Service of that name, it is no setting "
            + "(enableServiceLinks: false keeps such variables out)"
    }
}
