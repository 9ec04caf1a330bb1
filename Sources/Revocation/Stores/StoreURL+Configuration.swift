extension StoreURL {
    /// The store that a URL names, with the password and the files for TLS that a configuration adds.
    /// - Throws: ``RevocationError/Code/invalidURL``, without the URL, and
    ///   ``RevocationError/Code/invalidConfiguration`` if both say something, or TLS is configured and not asked for.
    init(_ url: String, _ configuration: RevocationConfiguration) throws(RevocationError) {
        self = try StoreURL(url)
        switch self {
        case .memory:
            guard configuration.password == nil, configuration.tls == .init() else {
                throw RevocationError(.invalidConfiguration, "a denylist in memory takes no password and no TLS")
            }
        case .server(let location, var access):
            try access.add(configuration)
            self = .server(location, access)
        case .sentinel(let sentinels, let name, var access):
            try access.add(configuration)
            self = .sentinel(sentinels, name: name, access)
        case .cluster(let nodes, var access):
            try access.add(configuration)
            self = .cluster(nodes, access)
        }
    }
}

extension StoreURL.Access {
    fileprivate mutating func add(_ configuration: RevocationConfiguration) throws(RevocationError) {
        if let password = configuration.password {
            guard credentials?.password.isEmpty != false else {
                throw RevocationError(
                    .invalidConfiguration, "the store's password is given by the URL and besides: keep one of them")
            }
            credentials = .init(user: credentials?.user, password: Array(password.utf8))
        }
        guard configuration.tls != .init() else { return }
        guard tls != nil else {
            throw RevocationError(
                .invalidConfiguration,
                "files for TLS are given, and the URL does not ask for it: begin it with rediss:// instead of redis://")
        }
        try add(configuration.tls, \.authorities)
        try add(configuration.tls, \.certificate)
        try add(configuration.tls, \.key)
        try add(configuration.tls, \.serverName)
        guard (tls?.certificate == nil) == (tls?.key == nil) else {
            throw RevocationError(.invalidConfiguration, "a certificate for the store and its key belong together")
        }
    }

    private mutating func add(
        _ other: StoreTLSConfiguration, _ setting: WritableKeyPath<StoreTLSConfiguration, String?>
    ) throws(RevocationError) {
        guard let value = other[keyPath: setting] else { return }
        guard tls?[keyPath: setting] == nil else {
            throw RevocationError(
                .invalidConfiguration, "a setting of TLS is given by the URL and besides: keep one of them")
        }
        tls?[keyPath: setting] = value
    }
}
