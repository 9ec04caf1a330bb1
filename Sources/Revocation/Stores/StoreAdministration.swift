public import Contract
public import Logging

/// An operator's commands about a store's epoch and terms (WireContract.md): `revoked init`, `revoked accept` and
/// `revoked terms`.
public struct StoreAdministration: Sendable {
    /// The outcome of ``initialise()``.
    public enum Initialisation: Sendable, Equatable {
        /// The store had no epoch. This one was written.
        case written(epoch: String)
        /// The store already has this epoch. Nothing was written.
        case alreadyThere(epoch: String)
        /// The store is a `revoked` daemon, which makes its own epoch: this one.
        case ownedByDaemon(epoch: String)
    }

    /// The outcome of ``acceptEpoch(replacing:)``.
    public struct Acceptance: Sendable, Equatable {
        /// The replaced epoch. Only servers that have pinned it move to the accepted one.
        public let replaced: String
        /// The store's epoch, which was accepted.
        public let accepted: String
        /// Whether the same acceptance was there before.
        public let isOld: Bool
    }

    /// How long a stock server keeps an acceptance, in seconds. A server that is away for longer does not see it.
    static let acceptanceSeconds = 30 * 86_400

    enum Store {
        case server(RedisBackend)
        case cluster(ClusterBackend)
    }

    let store: Store
    /// Of the keys of a store that does not say what it guards.
    private let prefix: String

    /// - Parameters:
    ///   - url: `redis://[user:password@]host:port` or `redis+unix:///path`.
    ///   - configuration: only its namespace, timeouts, `accepts…` settings, password and TLS are used. Of a daemon,
    ///     the prefix that it guards is used instead of the namespace's.
    ///   - logger: takes warnings and errors (Messages.md).
    /// - Throws: ``RevocationError/Code/invalidURL``, ``RevocationError/Code/invalidConfiguration``.
    public init(
        _ url: String, configuration: RevocationConfiguration = .init(),
        logger: Logger = Logger(label: "revoked.administration")
    ) throws(RevocationError) {
        try configuration.validate()
        prefix = configuration.namespace.prefix
        var configuration = configuration
        configuration.acceptsEveryPrefix = true
        switch try StoreURL(url, configuration) {
        case .memory:
            throw RevocationError(.invalidURL, "a denylist in memory has no epoch to write or accept: name a server")
        case .server(let location, let access):
            store = .server(try RedisBackend(location, access, configuration: configuration, logger: logger))
        case .sentinel(let sentinels, let name, let access):
            store = .server(
                try RedisBackend(
                    sentinels: sentinels, name: name, access, configuration: configuration, logger: logger))
        case .cluster(let nodes, let access):
            store = .cluster(
                try ClusterBackend(nodes, access: access, configuration: configuration, logger: logger))
        }
    }

    /// Writes the epoch of a stock Redis or Valkey, if it has none.
    public func initialise() async throws(RevocationError) -> Initialisation {
        switch store {
        case .server(let backend): try await initialise(backend)
        case .cluster(let backend): try await backend.initialise()
        }
    }

    private func initialise(_ backend: RedisBackend) async throws(RevocationError) -> Initialisation {
        let replies = try await send(backend, [Command("INFO", "server"), Command("GET", Epoch.key)])
        let epoch = try Self.identity(replies[1])?.text
        guard case .bulk(let information) = replies[0] else {
            throw RevocationError(StoreFailure(unexpected: replies[0]))
        }
        if StoreAudit.isRevokedDaemon(information: String(decoding: information, as: UTF8.self)) {
            guard let epoch else {
                throw RevocationError(.epochMissing, "the daemon has no epoch, which it should make itself")
            }
            return .ownedByDaemon(epoch: epoch)
        }
        if let epoch { return .alreadyThere(epoch: epoch) }
        let new = Epoch.random()
        // Another process may have written one in between: NX keeps it, and GET reads it.
        let written = try await send(backend, [Command("SET", Epoch.key, new, "NX"), Command("GET", Epoch.key)])
        guard written[0] == .ok || written[0] == .null else {
            throw RevocationError(StoreFailure(unexpected: written[0]))
        }
        guard let epoch = try Self.identity(written[1])?.text else {
            throw RevocationError(.epochMissing, "the store did not keep the epoch that was just written")
        }
        return epoch == new ? .written(epoch: epoch) : .alreadyThere(epoch: epoch)
    }

    /// Accepts the store's epoch in place of another one. Only servers that have pinned that one go on with the store.
    /// Before that, find out what the store has lost.
    /// - Parameter old: the epoch that servers have pinned; nil if the store's epoch names what it replaces.
    /// - Throws: ``RevocationError/Code/epochMissing`` if there is nothing to accept,
    ///   ``RevocationError/Code/invalidConfiguration`` if the store's epoch does not name what it replaces.
    public func acceptEpoch(replacing old: String? = nil) async throws(RevocationError) -> Acceptance {
        switch store {
        case .server(let backend): try await acceptEpoch(of: backend, replacing: old)
        case .cluster(let backend): try await backend.acceptEpoch(replacing: old)
        }
    }

    private func acceptEpoch(
        of backend: RedisBackend, replacing old: String?
    ) async throws(RevocationError) -> Acceptance {
        let before = try await send(backend, [Command("GET", Epoch.key), Command("GET", Epoch.acceptedKey)])
        guard let identity = try Self.identity(before[0]) else {
            throw RevocationError(.epochMissing, "the store has no epoch to accept: run revoked init first")
        }
        let (acceptance, isOld) = try Self.acceptance(
            of: identity, replacing: old, accepted: try Self.identity(before[1]))
        let result = Acceptance(
            replaced: String(decoding: acceptance.replaced ?? [], as: UTF8.self), accepted: identity.text, isOld: isOld)
        if isOld, identity.replaced == nil { return result }
        let dialect: StoreDialect
        do throws(StoreFailure) { dialect = try await backend.dialect() } catch { throw RevocationError(error) }
        let after = try await send(
            backend, [Self.accepting(acceptance, dialect), Command("GET", Epoch.key)])
        guard after[0] == .ok else { throw RevocationError(StoreFailure(unexpected: after[0])) }
        guard try Self.identity(after[1])?.epoch == identity.epoch else {
            throw RevocationError(
                .epochChanged, "the store's epoch changed while it was being accepted: look why, then try again")
        }
        return result
    }

    /// The acceptance to write, and whether it is there already.
    /// - Parameter old: the epoch that the operator names.
    /// - Parameter accepted: the previous acceptance.
    static func acceptance(
        of identity: Epoch.Identity, replacing old: String?, accepted: Epoch.Identity?
    ) throws(RevocationError) -> (Epoch.Identity, isOld: Bool) {
        let isCurrent = accepted?.epoch == identity.epoch && accepted?.replaced != nil
        guard let replaced = old.map({ Array($0.utf8) }) ?? identity.replaced ?? (isCurrent ? accepted?.replaced : nil)
        else {
            throw RevocationError(
                .invalidConfiguration,
                """
                the store does not say which epoch \(identity.text) replaces: name the one that the servers hold, which \
                their logs show: revoked accept --replaces <epoch>
                """)
        }
        let acceptance = Epoch.Identity(epoch: identity.epoch, replacing: replaced)
        return (acceptance, accepted == acceptance)
    }

    static func accepting(_ acceptance: Epoch.Identity, _ dialect: StoreDialect) -> Command {
        let value = String(decoding: acceptance.bytes, as: UTF8.self)
        return switch dialect {
        case .daemon: Command("SET", Epoch.acceptedKey, value)
        case .stock: Command("SET", Epoch.acceptedKey, value, "EX", String(acceptanceSeconds))
        }
    }

    // MARK: Terms

    /// The denylist's terms; nil if it has none yet.
    public func terms() async throws(RevocationError) -> Terms? {
        try Self.terms(try await acting { () async throws(StoreFailure) in try await witness() })
    }

    /// Changes the denylist's terms.
    /// - Parameters:
    ///   - replacing: whether to ignore the present terms. A store allows that only while it holds nothing.
    ///   - change: makes the new terms from the present ones, if any, and the store's time in Unix milliseconds.
    /// - Returns: the terms before and after.
    /// - Throws: ``RevocationError/Code/termsDisagree`` if the new terms would shrink.
    public func changeTerms(
        replacing: Bool = false,
        _ change: (_ terms: Terms?, _ now: Int64) throws(ContractError) -> Terms
    ) async throws(RevocationError) -> (before: Terms?, after: Terms) {
        for _ in 0..<Self.attempts {
            let timed = try await acting { () async throws(StoreFailure) in
                try await backend.timedLookUp(Witness.keys)
            }
            let (now, before) = (timed.time.upperBound, Witness(terms: timed.values[0], epoch: timed.values[1]))
            guard before.epoch?.isEmpty == false else {
                throw RevocationError(.epochMissing, "the store has no epoch: run revoked init first")
            }
            let old = replacing ? nil : try Self.terms(before)
            let new: Terms
            do throws(ContractError) { new = try change(old, now) } catch {
                let advice = old == nil ? "" : ". If they are not yours and nothing is revoked yet, add --replace"
                throw RevocationError(.termsDisagree, error.message + advice, cause: error)
            }
            if let old {
                if old == new { return (old, old) }
                if let shrinkage = old.shrinkage(to: new) {
                    throw RevocationError(.termsDisagree, "terms only grow: \(shrinkage)")
                }
            }
            let after = try await acting { () async throws(StoreFailure) in
                try await backend.write(terms: new.bytes, over: before.terms)
            }
            guard after.epoch == before.epoch else {
                throw RevocationError(.epochChanged, "another store has answered than before: look why, then try again")
            }
            if after.terms == new.bytes { return (old, new) }
        }
        throw RevocationError(.termsChanged, "another process changes the terms at the same time: try again")
    }

    private static let attempts = 3

    private static func terms(_ witness: Witness) throws(RevocationError) -> Terms? {
        do throws(ContractError) {
            return try witness.terms.map { (bytes) throws(ContractError) in try Terms(bytes) }
        } catch {
            throw RevocationError(.termsDisagree, error.message, cause: error)
        }
    }

    private var backend: any Backend {
        switch store {
        case .server(let backend): backend
        case .cluster(let backend): backend
        }
    }

    private func witness() async throws(StoreFailure) -> Witness {
        let values = try await backend.lookUp(Witness.keys)
        return Witness(terms: values[0], epoch: values[1])
    }

    /// What the keys of revocations begin with.
    func keyPrefix() async throws(RevocationError) -> String {
        guard case .server(let backend) = store else { return prefix }
        return try await acting { () async throws(StoreFailure) in try await backend.status().guardedPrefix } ?? prefix
    }

    func acting<Answer>(
        _ action: () async throws(StoreFailure) -> Answer
    ) async throws(RevocationError) -> Answer {
        do throws(StoreFailure) { return try await action() } catch { throw RevocationError(error) }
    }

    /// Closes all connections.
    public func close() async {
        switch store {
        case .server(let backend): await backend.close()
        case .cluster(let backend): await backend.close()
        }
    }

    func send(_ backend: RedisBackend, _ commands: [Command]) async throws(RevocationError) -> [Reply] {
        do throws(StoreFailure) {
            // An unsafe store is accepted: the operator named it, and these commands examine it.
            return try await backend.send(commands).unproven { $0 }
        } catch {
            throw RevocationError(error)
        }
    }

    /// The identity in a value; nil for no value or an empty one.
    /// - Throws: ``RevocationError/Code/epochChanged`` if the store was left for a daemon, which may have taken over.
    private static func identity(_ reply: Reply) throws(RevocationError) -> Epoch.Identity? {
        let identity: Epoch.Identity?
        do throws(StoreFailure) { identity = Epoch.Identity(try reply.value()) } catch { throw RevocationError(error) }
        guard let identity, let successor = identity.successor else { return identity }
        let (daemon, old) = (String(decoding: successor, as: UTF8.self), identity.replaced ?? [])
        throw RevocationError(
            .epochChanged,
            """
            the store was left for the daemon with the epoch \(daemon): run revoked cut-over again. If that daemon's \
            import has not ended (import_state), SET revoked.epoch \(String(decoding: old, as: UTF8.self)) goes back
            """)
    }
}

extension Epoch.Identity {
    /// The epoch as text.
    var text: String { String(decoding: epoch, as: UTF8.self) }
}
