#if os(Linux)
    import Revocation

    extension ServerAddress {
        /// - Parameter url: `redis://[user:password@]host:port`
        init(url: String) throws(LoadFailure) {
            let store: StoreURL
            do throws(RevocationError) { store = try StoreURL(url) } catch { throw LoadFailure(message: error.message) }
            guard case .server(.tcp(let host, let port), let access) = store, !url.hasPrefix("rediss") else {
                throw LoadFailure(message: "only redis://[user:password@]host:port is spoken here")
            }
            self.init(
                host: host, port: port, user: access.credentials?.user, password: access.credentials?.password,
                database: access.database)
        }
    }
#endif
