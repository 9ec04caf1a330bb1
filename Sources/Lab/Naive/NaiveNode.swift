#if os(Linux)
    import AuthNode
    import Logging
    import PrometheusMetrics

    /// An auth node with the naive denylist. Its settings are those of `revoked node`, from the environment.
    package enum NaiveNode {
        package static func run(_ mode: NaiveMode) async throws {
            let settings = try await NodeConfiguration(flags: [:])
            try await NodeProcess.run(settings, metrics: PrometheusFactory(help: NodeMetrics.help)) { logger in
                logger.warning("THIS NODE LOSES REVOCATIONS, as everyone's does without revoked")
                return try NaiveDenylist(
                    settings.backend, mode: mode, accessTokenLifetime: settings.accessTokenLifetime,
                    refreshTokenLifetime: settings.refreshTokenLifetime)
            }
        }
    }
#endif
