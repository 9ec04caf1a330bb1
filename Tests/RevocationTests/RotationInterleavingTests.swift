import Contract
import Synchronization
import Testing

@testable import Revocation

/// A revocation at every point of a refresh: either there is no new pair, or the new pair is revoked.
@Suite(.timeLimit(.minutes(1))) struct RotationInterleavingTests {
    /// Where the revocation comes: before the claim is sent, between the commands of its round trip, before its answer
    /// is read, or after the pair was handed out.
    enum Point: CaseIterable, Sendable {
        case before, afterClaim, afterTime, afterLookUp, afterwards
    }

    private static let requests: [RevocationRequest] = [
        .session("sid"), .subject("sub"), .client("client"), .key("key"), .all(),
    ]

    private static func token(
        _ kind: TokenClaims.Kind, _ identifier: String, issuedAt: Int64, authenticatedAt: Int64?
    ) -> TokenClaims {
        TokenClaims(
            kind: kind, issuer: "i", subject: "sub", session: "sid", identifier: identifier, client: "client",
            key: "key", issuedAt: issuedAt, authenticatedAt: authenticatedAt, expiresAt: issuedAt + 600_000)
    }

    @Test(arguments: [StoreKind.daemon, .redis], Point.allCases)
    func theRevocationWins(kind: StoreKind, point: Point) async throws {
        try await kind.run { url in
            for request in Self.requests {
                let revoking = try RevocationList(url, configuration: liveConfiguration())
                let backend = InterruptedBackend(try redisBackend(url)) { try await revoking.revoke(request) }
                let list = try RevocationList(
                    backend: backend, configuration: liveConfiguration(), logger: LogLines().logger)
                let now = try await list.issueTime(for: TokenClaims(issuer: "i", subject: "sub", client: "client"))
                // One of a log-in, or of an older release, which said nothing about it.
                let old = Self.token(
                    .refresh, "old \(request.scope.kind) \(point)", issuedAt: now,
                    authenticatedAt: request.scope.kind == .client ? nil : now)
                #expect(await list.verdict(for: old).isClear)

                backend.point.withLock { $0 = point }
                if point == .before { try await revoking.revoke(request) }
                let successor = try await list.rotate(old).successor
                if point == .afterwards { try await revoking.revoke(request) }

                #expect(await list.verdict(for: old).reason != nil)
                if let successor {
                    #expect(![.before, .afterClaim, .afterTime].contains(point))
                    for kind in [TokenClaims.Kind.refresh, .access] {
                        #expect(successor.authenticatedAt == now)
                        // However long after the cut-off it was issued.
                        let new = Self.token(
                            kind, successor.identifier, issuedAt: successor.issuedAt + 1_000,
                            authenticatedAt: successor.authenticatedAt)
                        #expect(await revoking.verdict(for: new).reason != nil, "\(request.scope.kind) \(point)")
                    }
                }
                _ = try await revoking.restore([request.scope])
                await list.close()
                await revoking.close()
            }
        }
    }
}

/// Does something between the commands of a claim, which otherwise reach the store in one piece.
private final class InterruptedBackend: Backend {
    let point = Mutex(RotationInterleavingTests.Point.before)
    private let backend: RedisBackend
    private let interruption: @Sendable () async throws(RevocationError) -> Void

    init(_ backend: RedisBackend, _ interruption: @escaping @Sendable () async throws -> Void) {
        self.backend = backend
        self.interruption = { () async throws(RevocationError) in
            do { try await interruption() } catch { throw RevocationError(.storeError, "the test failed: \(error)") }
        }
    }

    func claim(_ entry: RevocationEntry, thenLookUp keys: [String]) async throws(StoreFailure) -> Witnessed<Claim> {
        let commands = try await backend.dialect().claim(entry, .text, thenLookUp: keys)
        let point = point.withLock { $0 }
        var replies: [Reply] = []
        for (command, following) in zip(
            commands, [.afterClaim, .afterTime, .afterLookUp] as [RotationInterleavingTests.Point])
        {
            replies += try await backend.replies([command])
            guard following == point else { continue }
            do throws(RevocationError) { try await interruption() } catch {
                throw StoreFailure(.storeError, error.message)
            }
        }
        let witness = try Witness(try await backend.replies([Witness.command])[0])
        return Witnessed(try Claim(replies, of: keys), witness)
    }

    func lookUp(_ keys: [String]) async throws(StoreFailure) -> [[UInt8]?] { try await backend.lookUp(keys) }
    func timedLookUp(_ keys: [String]) async throws(StoreFailure) -> TimedValues { try await backend.timedLookUp(keys) }
    func write(
        _ entries: [RevocationEntry], under terms: [UInt8]?, receipt: Bool
    ) async throws(StoreFailure) -> Witnessed<Written> {
        try await backend.write(entries, under: terms, receipt: receipt)
    }
    func write(terms: [UInt8], over held: [UInt8]?) async throws(StoreFailure) -> Witness {
        try await backend.write(terms: terms, over: held)
    }
    func exchange(
        _ key: String, _ held: [UInt8]?, for new: [UInt8], secondsToLive: Int64
    ) async throws(StoreFailure) -> Bool {
        try await backend.exchange(key, held, for: new, secondsToLive: secondsToLive)
    }

    func witnessOfWrites() async throws(StoreFailure) -> Witness? { try await backend.witnessOfWrites() }
    func remove(_ keys: [String]) async throws(StoreFailure) -> Witnessed<[RemovedEntry?]> {
        try await backend.remove(keys)
    }
    func status() async throws(StoreFailure) -> StoreStatus { try await backend.status() }
    func close() async { await backend.close() }
}
