package import Settings

extension ServerConfiguration {
    /// What a follower has settings for. All else is the daemon's.
    private static let settingsOfFollowers: Set = [
        "follow", "follow-password", "bind", "port", "unixsocket", "maxclients", "timeout", "maxmemory",
        "guarded-prefix", "threads", "http", "http-protected-mode", "loglevel", "log-format",
    ]

    /// Checks what belongs to a follower (`--follow`), or to none.
    /// - Throws: what does not go together.
    package func checkFollowing() throws(SettingError) {
        guard follow != nil else {
            guard followPassword == nil else { throw SettingError("--follow-password goes with --follow alone") }
            return
        }
        for setting in Self.settings where !Self.settingsOfFollowers.contains(setting.name) {
            guard setting.text(in: self) == setting.text(in: .processDefaults) else {
                throw SettingError(
                    "--\(setting.name) does not go with --follow: a follower keeps no data, has no users and grants no "
                        + "leases. Set it on the daemon")
            }
        }
        if let host = bind.map(BindAddress.init).first(where: { !$0.isLoopback })?.host {
            throw SettingError(
                "a follower serves its own machine: --bind \(host) does not go with --follow. Take 127.0.0.1, or "
                    + "--unixsocket")
        }
    }
}
