import RESP
import Synchronization

/// Who the connection is, and what it may do.
extension ClientSession {
    // MARK: Becoming a user

    /// Takes on a user, with the limits that go with it.
    mutating func become(_ standing: UserTable.Standing, isAuthenticated: Bool = true) {
        user = standing.user
        self.isAuthenticated = isAuthenticated
        isUnrestricted = isAuthenticated && user.isUnrestricted
        mayAdminister = standing.mayAdminister
        usersGeneration = standing.generation
        noteUser()
    }

    /// What a connection is that has just been made, or `RESET`.
    mutating func becomeInitial(_ daemon: Daemon) {
        let standing = daemon.users.initial
        become(standing, isAuthenticated: standing.user.isOpen)
    }

    /// Takes on the newest version of its user (``mayGoOn(_:)``).
    /// - Returns: false if there is none: the connection is over.
    @discardableResult
    mutating func refreshUser(_ daemon: Daemon) -> Bool {
        guard daemon.users.generation.load(ordering: .acquiring) != usersGeneration else { return true }
        guard let standing = daemon.users.standing(user.name), standing.user.identity == user.identity else {
            // It was deleted, or is another by now.
            isClosing = true
            return false
        }
        if !mayStaySubscribed(standing.user) { isClosing = true }
        become(standing, isAuthenticated: isAuthenticated || standing.user.isOpen)
        endBroadcastsUnlessAllowed(daemon)
        return true
    }

    /// Closes the connection of a client that is told of all changed keys (`CLIENT TRACKING … BCAST`) and may not read
    /// all of them any more. Told of none, it would go on using what it has cached.
    mutating func endBroadcastsUnlessAllowed(_ daemon: Daemon) {
        guard !user.readsAllKeys, client.details.withLock({ $0.tracking?.isBroadcast ?? false }) else { return }
        endTracking(daemon)
        isClosing = true
    }

    // MARK: What it may do

    /// Whether its user may run a command, or a subcommand; otherwise answers and counts the error.
    /// - Parameters:
    ///   - bit: its place in a ``CommandSet``.
    ///   - name: in full, such as `config|get`.
    func mayRun(
        _ bit: Int, _ name: @autoclosure () -> String, of command: Command, _ arguments: borrowing Arguments,
        _ context: inout ServingContext
    ) -> Bool {
        guard !isUnrestricted || command.flags.contains(.pubsub) else { return true }
        switch user.denial(of: command, bit: bit, arguments) {
        case nil: return true
        case .command: refusePermission(name(), &context)
        case .key(let index):
            note(.key, context.daemon.shown(arguments[index]), &context)
            context.fail("NOPERM this user has no permissions to access one of the keys used as arguments")
        case .channel(let index):
            note(.channel, context.daemon.shown(arguments[index]), &context)
            context.fail("NOPERM this user has no permissions to access one of the channels used as arguments")
        }
        return false
    }

    /// - Parameter command: the full name, such as `config|set`.
    func refusePermission(_ command: String, _ context: inout ServingContext) {
        note(.command, Array(command.utf8), &context)
        context.fail("NOPERM this user has no permissions to run the '\(command)' command")
    }

    /// Answers a command of a transaction that was allowed when it was queued.
    func refuseQueued(
        _ command: Command, _ denial: User.Denial, _ arguments: borrowing Arguments, _ context: inout ServingContext
    ) {
        let reason: String
        switch denial {
        case .command:
            note(.command, Array("\(command.name)".utf8), &context)
            reason = "no permission to execute the command or subcommand"
        case .key(let index):
            note(.key, context.daemon.shown(arguments[index]), &context)
            reason = "no permission to touch the specified keys"
        case .channel(let index):
            note(.channel, context.daemon.shown(arguments[index]), &context)
            reason = "no permission to access one of the channels used as arguments to the command"
        }
        context.fail(
            "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. "
                + "This command is no longer allowed for the following reason: \(reason)")
    }

    /// Answers a wrong password, or a name that nobody has.
    /// - Parameter name: the one that was given; nil if it cannot be one.
    func refusePassword(_ name: UserName?, _ arguments: borrowing Arguments, _ context: inout ServingContext) {
        // A name that is no user's may be a password.
        let isKnown = name.map { context.daemon.users.user($0) != nil } ?? false
        let shown = isKnown ? name?.bytes : Array("(unknown)".utf8)
        note(.auth, arguments[0].withUnsafeBytes(Array.init), user: shown, &context)
        context.fail("WRONGPASS invalid username-password pair or user is disabled.")
    }

    /// Logs in the client whose certificate has this name. Without such a user it stays who it is, as in Redis.
    /// - Parameter name: nil if the certificate has none, or several.
    mutating func logIn(certificateName name: String?, _ context: inout ServingContext) {
        guard let standing = name.flatMap(context.daemon.users.authenticate(certificateName:)) else {
            return note(.certificate, [], user: Array((name ?? "(not one CN)").utf8), &context)
        }
        become(standing)
    }

    private func note(
        _ reason: DenialLog.Reason, _ object: [UInt8], user name: [UInt8]? = nil, _ context: inout ServingContext
    ) {
        context.counters.add(to: .denials(reason))
        context.daemon.denialLog.add(
            reason, object, user: name ?? user.name.bytes, at: context.uptime,
            client: ClientCommands.describe(client, context.daemon))
    }
}
