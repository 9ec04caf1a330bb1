import Crypto
import Dispatch
import RESP
import Synchronization

/// The daemon's users: by name, and a number that rises with each change. A connection compares the number before each
/// batch of commands and each write, and takes on the newest version of its user then.
///
/// Passwords of settings win over those of a file, at the start and at each load. Once there is a user `admin`, on or
/// off, nobody else undoes or administers, and it cannot be taken away: nothing falls open by a mistake.
final class UserTable: Sendable {
    /// What a connection becomes.
    struct Standing: Sendable {
        let user: User
        let generation: Int
        /// Whether undoing and administering are the user `admin`'s alone.
        let hasAdministrator: Bool

        /// Without an administrator everybody may who is not restricted by rules.
        var mayAdminister: Bool { hasAdministrator ? user.isAdministrator : user.isUnrestricted }
    }

    fileprivate struct State: Sendable {
        var users: [UserName: User]
        var nextIdentity: UInt64
    }

    private let state: Mutex<State>
    private let configured: [UserDefinition]
    /// Those whose password comes from a setting.
    private let passwords: [UserName: String]
    private let prefix: String
    /// The file as it was last read or written.
    private let knownFile = Mutex<SHA256.Digest?>(nil)
    private let saves: UserFileJob
    let loads: UserFileJob
    let generation = Atomic<Int>(1)

    init(_ configuration: ServerConfiguration) {
        prefix = configuration.guardedPrefix
        passwords = configuration.userPasswords
        configured = Self.configured(configuration)
        state = Mutex(State(users: [:], nextIdentity: 1))
        let queue = DispatchQueue(label: "revoked.users")
        (saves, loads) = (UserFileJob(on: queue), UserFileJob(on: queue))
        state.withLock { Self.replace(&$0, by: configured, prefix) }
    }

    /// Once users are configured that may do less, strangers may do nothing, unless a file says otherwise.
    private static func configured(_ configuration: ServerConfiguration) -> [UserDefinition] {
        let (passwords, prefix) = (configuration.userPasswords, configuration.guardedPrefix)
        var users = [UserDefinition.unrestrictedDefault]
        if let password = passwords[.default] {
            users[0].setOnlyPassword(password)
        } else if configuration.userFile != nil || configuration.hasRestrictedUser {
            users[0].shut()
        }
        for builtIn in BuiltInUser.allCases {
            guard let password = passwords[builtIn.name] else { continue }
            var user = builtIn.definition(prefix: prefix)
            user.setOnlyPassword(password)
            user.turnOn()
            users.append(user)
        }
        return users
    }

    // MARK: Asking

    /// All of them, by name.
    var all: [UserDefinition] {
        state.withLock { $0.users.values.map(\.definition) }.sorted {
            $0.name.bytes.lexicographicallyPrecedes($1.name.bytes)
        }
    }

    func user(_ name: UserName) -> User? { state.withLock { $0.users[name] } }

    /// Whether a new connection has to authenticate.
    var isPasswordRequired: Bool { state.withLock { !$0.users[.default]!.isOpen } }

    /// What a new connection is.
    var initial: Standing { standing(.default)! }

    func standing(_ name: UserName) -> Standing? {
        state.withLock { state in
            state.users[name].map {
                Standing(
                    user: $0, generation: generation.load(ordering: .relaxed),
                    hasAdministrator: state.users[.admin] != nil)
            }
        }
    }

    // MARK: Authenticating

    /// The user whose passwords are compared: one with none if there is no user.
    func compared(with user: User?) -> User { user ?? Self.nobody }

    private static let nobody = User(UserDefinition(.default), identity: 0, prefix: GuardedPrefix(bytes: []))

    /// - Parameter name: nil if what was given cannot be one.
    /// - Returns: nil if the pair is wrong. The time that takes tells nothing of which users there are.
    func authenticate(_ name: UserName?, password: RawSpan) -> Standing? {
        let digest = password.withUnsafeBytes { SHA256.hash(data: $0) }
        let standing = name.flatMap(standing)
        return compared(with: standing?.user).accepts(digest) ? standing : nil
    }

    /// The user that a client's certificate names; nil if there is none, or it is off.
    func authenticate(certificateName name: String) -> Standing? {
        UserName(name.utf8).flatMap(standing).flatMap { $0.user.definition.isOn ? $0 : nil }
    }

    // MARK: Changing

    enum Refusal: Error {
        case name
        case unmatched(UserDefinition.UnmatchedSelector)
        case rule(UserDefinition.Refusal)
        case tooMany
        /// Anyone who reaches this address could do everything.
        case opensDefault(String)
    }

    static func opensDefault(_ host: String) -> String {
        "the user default would need no password, and anyone who reaches \(host) could be it: give it one, turn it off, or "
            + "start the daemon with --protected-mode no"
    }

    /// `ACL SETUSER`: all of the rules or none.
    /// - Parameter exposedHost: an address where `default` needs a password (``Daemon/exposedHost``).
    func set(_ name: [UInt8], _ words: [[UInt8]], exposedHost: String?) throws(Refusal) {
        guard let name = UserName(name) else { throw .name }
        let rules: [[UInt8]]
        do throws(UserDefinition.UnmatchedSelector) { rules = try UserDefinition.joiningSelectors(words) } catch {
            throw .unmatched(error)
        }
        let result = state.withLock { state -> Result<Void, Refusal> in
            let old = state.users[name]
            guard old != nil || state.users.count < UserLimits.users else { return .failure(.tooMany) }
            var definition = old?.definition ?? UserDefinition(new: name, rules: rules, prefix: prefix)
            do throws(UserDefinition.Refusal) { try definition.apply(rules) } catch { return .failure(.rule(error)) }
            if let exposedHost, definition.name == .default, definition.isOpen {
                return .failure(.opensDefault(exposedHost))
            }
            Self.put(definition, into: &state, identity: old?.identity, prefix)
            generation.wrappingAdd(1, ordering: .releasing)
            return .success(())
        }
        try result.get()
    }

    /// A user that cannot be removed.
    struct Undeletable: Error {
        let name: UserName
    }

    /// `ACL DELUSER`: all of them or none.
    /// - Returns: those that there were.
    /// - Throws: ``Undeletable`` for `default`, and for an administrator: all others would get its rights.
    func delete(_ names: [UserName]) throws(Undeletable) -> [User] {
        try state.withLock { state -> Result<[User], Undeletable> in
            let kept = names.first { $0 == .default || $0 == .admin && state.users[$0] != nil }
            if let kept { return .failure(Undeletable(name: kept)) }
            let deleted = names.compactMap { state.users.removeValue(forKey: $0) }
            if !deleted.isEmpty { generation.wrappingAdd(1, ordering: .releasing) }
            return .success(deleted)
        }.get()
    }

    /// The users of a file with those of the settings, built before they take the place of those that are there.
    struct Prepared: Sendable {
        fileprivate let before: State
        fileprivate let after: State
        fileprivate let digest: SHA256.Digest
    }

    /// Those of the settings stay: a file may change what they may do, but not their passwords.
    /// - Throws: what is wrong with the file.
    func prepare(_ file: UserFile) throws(UserFile.Failure) -> Prepared {
        let loaded = try file.definitions(prefix: prefix)
        var users: [UserName: UserDefinition] = [:]
        for user in configured + loaded { users[user.name] = user }
        for (name, password) in passwords { users[name]?.setOnlyPassword(password) }
        guard users.count <= UserLimits.users else { throw .tooManyUsers }
        let before = state.withLock { $0 }
        var after = before
        Self.replace(&after, by: Array(users.values), prefix)
        guard before.users[.admin] == nil || after.users[.admin] != nil else { throw .noAdministrator }
        return Prepared(before: before, after: after, digest: file.digest)
    }

    /// - Parameters:
    ///   - requested: ``generation`` when this was asked for: a change since then would be lost.
    ///   - exposedHost: an address where `default` needs a password (``Daemon/exposedHost``).
    /// - Returns: users whose connections have to be closed: they are gone, or another.
    func install(
        _ prepared: Prepared, requested: Int, exposedHost: String?
    ) throws(UserFile.Failure) -> [User] {
        if let exposedHost, prepared.after.users[.default]!.isOpen { throw .opensDefault(exposedHost) }
        let isInstalled = state.withLock { state in
            guard generation.load(ordering: .relaxed) == requested else { return false }
            state = prepared.after
            generation.wrappingAdd(1, ordering: .releasing)
            return true
        }
        guard isInstalled else { throw .changed }
        knownFile.withLock { $0 = prepared.digest }
        return prepared.before.users.values.filter { prepared.after.users[$0.name]?.identity != $0.identity }
    }

    /// `ACL SAVE`.
    /// - Parameter completion: told what went wrong, on another thread.
    func save(to path: String, _ completion: @escaping UserFileJob.Completion) {
        saves.run(
            { [self] in
                do throws(UserFile.Failure) {
                    let known = knownFile.withLock { $0 }
                    let file = try UserFile.save(all, to: path, prefix: prefix, replacing: known)
                    knownFile.withLock { $0 = file.digest }
                    return nil
                } catch { return error.message }
            }, completion)
    }

    /// A user that is as it was stays the same one.
    private static func replace(_ state: inout State, by definitions: [UserDefinition], _ prefix: String) {
        let before = state.users
        state.users = [:]
        for definition in definitions {
            if let old = before[definition.name], old.definition == definition {
                state.users[definition.name] = old
            } else {
                put(definition, into: &state, identity: nil, prefix)
            }
        }
    }

    private static func put(
        _ definition: UserDefinition, into state: inout State, identity: UInt64?, _ prefix: String
    ) {
        let own = identity ?? state.nextIdentity
        if identity == nil { state.nextIdentity += 1 }
        state.users[definition.name] = User(
            definition, identity: own, prefix: GuardedPrefix(bytes: Array(prefix.utf8)))
    }
}

extension ServerConfiguration {
    /// The passwords that settings give, by the user's name.
    var userPasswords: [UserName: String] {
        [
            .default: password, .admin: adminPassword, BuiltInUser.reader.name: readerPassword,
            BuiltInUser.writer.name: writerPassword, BuiltInUser.operator.name: operatorPassword,
            BuiltInUser.replica.name: replicaPassword, BuiltInUser.follower.name: followerPassword,
        ].compactMapValues { $0 }
    }

    /// Whether a setting makes a user that may not do everything.
    var hasRestrictedUser: Bool { userPasswords.keys.contains { $0 != .default && $0 != .admin } }
}
