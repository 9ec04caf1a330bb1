import Logging
import Synchronization
import TLS

/// The users, where settings and files meet.
extension Daemon {
    /// An address beyond loopback where anyone who connects is `default`, without a certificate. There that user needs
    /// a password, or must be off. nil: there is none, or protected mode is off.
    var exposedHost: String? {
        let configuration = currentConfiguration
        return configuration.protectedMode ? configuration.unprotectedHost(isPasswordRequired: false) : nil
    }

    /// Makes a change that may open the daemon: of users, or of who has to show a certificate. One at a time: each is
    /// judged by what the other has made.
    func changeExposure<Result: Sendable, Failure>(
        _ change: (_ exposedHost: String?) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try exposure.withLock { (_: inout Void) throws(Failure) in try change(exposedHost) }
    }

    /// Takes the users of a file before anyone is served. Whether that opens the daemon is checked with the settings.
    func loadFirstUsers(_ path: String) throws(UserFile.Failure) {
        _ = try takeUsers(of: path) { (prepared) throws(UserFile.Failure) in
            try users.install(prepared, requested: users.generation.load(ordering: .relaxed), exposedHost: nil)
        }
    }

    /// `ACL LOAD`, on another thread. Closes the connections of users that are gone, or another.
    /// - Parameters:
    ///   - client: who asks. It gets its answer first, and is closed when it sends more.
    ///   - completion: told what went wrong.
    func loadUsers(_ path: String, for client: Int64, _ completion: @escaping UserFileJob.Completion) {
        let generation = users.generation.load(ordering: .relaxed)
        loadRequests.withLock {
            $0.generation = generation
            $0.clients.insert(client)
        }
        users.loads.run(
            { [self] in
                let requests = loadRequests.withLock { requests in
                    defer { requests.clients = [] }
                    return requests
                }
                do throws(UserFile.Failure) {
                    let ended = try takeUsers(of: path) { (prepared) throws(UserFile.Failure) in
                        try changeExposure { (exposedHost) throws(UserFile.Failure) in
                            try users.install(prepared, requested: requests.generation, exposedHost: exposedHost)
                        }
                    }
                    endConnections(of: ended, except: requests.clients)
                    return nil
                } catch { return error.message }
            }, completion)
    }

    /// Reads a file, and warns of what is odd about its users.
    private func takeUsers(
        of path: String, by install: (UserTable.Prepared) throws(UserFile.Failure) -> [User]
    ) throws(UserFile.Failure) -> [User] {
        UserFile.removeDrafts(of: path)
        let file = try UserFile(reading: path)
        let ended = try install(try users.prepare(file))
        if file.isWritableByOthers { logger.warning("others may write the file of users \(path): chmod o-w the file") }
        warnOfUsers()
        return ended
    }

    /// What has asked for the users to be loaded since the last time.
    struct LoadRequests: Sendable {
        /// That of the users when the last one asked: what is changed later is not loaded over.
        var generation = 0
        var clients: Set<Int64> = []
    }

    func warnOfUsers() {
        let users = users.all
        let configuration = currentConfiguration
        if configuration.hasRestrictedUser, users.contains(where: { $0.name == .default && $0.isOpen }) {
            logger.warning(
                "other users have passwords, but default needs none: who does not log in may do more than they")
        }
        let takesCertificates = configuration.tlsPort != nil && configuration.tls.certificateUser != .off
        guard !UserDefinition.someoneAdministers(users, takesCertificates: takesCertificates) else { return }
        logger.warning(
            users.contains(where: \.isAdministrator)
                ? "nobody can administer this daemon: the user admin is off, has no password, or may not run ACL SETUSER"
                : "nobody can administer this daemon: there is no user admin, and no other that may do everything")
    }
}

extension UserDefinition {
    /// Whether one of the users can log in, and change users then.
    fileprivate static func someoneAdministers(_ users: [Self], takesCertificates: Bool) -> Bool {
        let hasAdministrator = users.contains(where: \.isAdministrator)
        return users.contains { user in
            guard user.isOn, user.needsNoPassword || !user.passwords.isEmpty || takesCertificates else { return false }
            return hasAdministrator ? user.isAdministrator && user.mayChangeUsers : user.isUnrestricted
        }
    }

    private var mayChangeUsers: Bool {
        guard let bit = CommandCatalog.shared.find("acl|setuser".utf8)?.bit else { return false }
        return ([root] + selectors).contains { $0.commands.contains(bit) }
    }
}
