import Contract
public import Logging

/// What an operator does to a store's epoch (DESIGN §3): behind `revoked init` and `revoked accept`.
public struct StoreAdministration: Sendable {
    /// What ``initialise()`` found or did.
    public enum Initialisation: Sendable, Equatable {
        /// The store had no epoch; it has this one now.
        case written(epoch: String)
        /// The store has an epoch already, which stays.
        case alreadyThere(epoch: String)
        /// The store is a `revoked` daemon, which makes its epoch itself.
        case ownedByDaemon(epoch: String)
    }

    /// What ``acceptEpoch()`` did.
    public struct Acceptance: Sendable, Equatable {
        /// The epoch accepted before, if that was lately.
        public let previous: String?
        /// The store's epoch, accepted now.
        public let accepted: String
    }

    /// How long an acceptance lasts, in seconds. It is an act, not a state: one that lay about forever would vouch for a
    /// wrong store or a restored backup years later. Every client that runs sees it at its next check.
    public static let acceptanceSeconds = 3_600

    private enum Store {
        case server(RedisBackend)
        case cluster(ClusterBackend)
    }

    private let store: Store

    /// - Parameter url: `redis://[user:password@]host:port` or `redis+unix:///path`.
    /// - Throws: ``RevocationError/Code/invalidURL``, ``RevocationError/Code/invalidConfiguration``.
    public init(
        _ url: String, configuration: RevocationConfiguration = .init(),
        logger: Logger = Logger(label: "revoked.administration")
    ) throws(RevocationError) {
        try configuration.validate()
        switch try StoreURL(url) {
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

    /// Gives a stock Redis or Valkey its epoch, if it has none.
    public func initialise() async throws(RevocationError) -> Initialisation {
        switch store {
        case .server(let backend): try await initialise(backend)
        case .cluster(let backend): try await backend.initialise()
        }
    }

    private func initialise(_ backend: RedisBackend) async throws(RevocationError) -> Initialisation {
        let replies = try await send(backend, [Command("INFO", "server"), Command("GET", Epoch.key)])
        let epoch = try Self.text(replies[1])
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
        // Somebody else may have written one in between: NX leaves it, and GET tells it.
        let written = try await send(backend, [Command("SET", Epoch.key, new, "NX"), Command("GET", Epoch.key)])
        guard written[0] == .ok || written[0] == .null else {
            throw RevocationError(StoreFailure(unexpected: written[0]))
        }
        guard let epoch = try Self.text(written[1]) else {
            throw RevocationError(.epochMissing, "the store did not keep the epoch that was just written")
        }
        return epoch == new ? .written(epoch: epoch) : .alreadyThere(epoch: epoch)
    }

    /// Accepts the store's epoch, so that clients that have pinned another go on with it. To be done by somebody who knows
    /// what the store has lost.
    /// - Throws: ``RevocationError/Code/epochMissing`` if there is nothing to accept.
    public func acceptEpoch() async throws(RevocationError) -> Acceptance {
        switch store {
        case .server(let backend): try await acceptEpoch(of: backend)
        case .cluster(let backend): try await backend.acceptEpoch(seconds: Self.acceptanceSeconds)
        }
    }

    private func acceptEpoch(of backend: RedisBackend) async throws(RevocationError) -> Acceptance {
        let before = try await send(backend, [Command("GET", Epoch.key), Command("GET", Epoch.acceptedKey)])
        guard let epoch = try Self.text(before[0]) else {
            throw RevocationError(.epochMissing, "the store has no epoch to accept: run revoked init first")
        }
        let after = try await send(
            backend,
            [
                Command("SETEX", Epoch.acceptedKey, String(Self.acceptanceSeconds), epoch), Command("GET", Epoch.key),
            ])
        guard after[0] == .ok else { throw RevocationError(StoreFailure(unexpected: after[0])) }
        guard try Self.text(after[1]) == epoch else {
            throw RevocationError(
                .epochChanged, "the store's epoch changed while it was being accepted: look why, then try again")
        }
        return Acceptance(previous: try Self.text(before[1]), accepted: epoch)
    }

    /// Ends all connections.
    public func close() async {
        switch store {
        case .server(let backend): await backend.close()
        case .cluster(let backend): await backend.close()
        }
    }

    private func send(_ backend: RedisBackend, _ commands: [Command]) async throws(RevocationError) -> [Reply] {
        do throws(StoreFailure) {
            return try await backend.send(commands)
        } catch {
            throw RevocationError(error)
        }
    }

    /// The text of a value; nil if there is none, or an empty one.
    private static func text(_ reply: Reply) throws(RevocationError) -> String? {
        switch reply {
        case .bulk(let value): value.isEmpty ? nil : String(decoding: value, as: UTF8.self)
        case .null: nil
        case .array, .error, .integer, .status: throw RevocationError(StoreFailure(unexpected: reply))
        }
    }
}
