#if os(Linux)
    import AuthNode
    import Logging
    import PrometheusMetrics
    import Settings

    /// An auth node with the naive denylist. Its settings are those of `revoked node`, from the environment.
    package enum NaiveNode {
        package static func run(_ mode: NaiveMode) async throws {
            let configuration = try NodeConfiguration(flags: [:])
            try await NodeProcess.run(configuration, metrics: PrometheusFactory(help: NodeMetrics.help)) { logger in
                logger.warning("THIS NODE LOSES REVOCATIONS, as everyone's does without revoked")
                return try NaiveDenylist(
                    configuration.backend, mode: mode, accessTokenLifetime: configuration.accessTokenLifetime,
                    refreshTokenLifetime: configuration.refreshTokenLifetime)
            }
        }
    }
#endif
