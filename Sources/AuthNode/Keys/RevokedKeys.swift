import Contract
import Logging
import RevocationHTTP
import ServiceLifecycle
import Synchronization

/// The keys that are trusted although they are revoked, as far as this node knows. A thief of such a key can mint more
/// tokens, and its revocation does not last for ever.
final class RevokedKeys: Sendable {
    private let byIssuer = Mutex<[String: Set<String>]>([:])

    /// The names of an issuer's revoked keys, in order.
    func names(of issuer: String) -> [String] { byIssuer.withLock { $0[issuer] ?? [] }.sorted() }

    func contains(_ name: String, of issuer: String) -> Bool {
        byIssuer.withLock { $0[issuer]?.contains(name) == true }
    }

    /// - Returns: the keys that are newly revoked.
    func update(_ names: Set<String>, of issuer: String) -> Set<String> {
        byIssuer.withLock { held in
            defer { held[issuer] = names.isEmpty ? nil : names }
            return names.subtracting(held[issuer] ?? [])
        }
    }
}

/// Looks up every trusted key at intervals.
struct RevokedKeyWatch: Service {
    /// The most keys of one issuer that are looked up.
    private static let maximumKeys = 100

    /// The keys by `iss`.
    let sources: [(issuer: String, keys: any KeySource)]
    let denylist: any NodeDenylist
    let revoked: RevokedKeys
    let logger: Logger
    /// Waits until the next look-up; throws to stop. Another one is for tests.
    var pause: @Sendable () async throws -> Void = { try await Task.sleep(for: .seconds(30)) }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            repeat { await look() } while (try? await pause()) != nil
        }
    }

    func look() async {
        for (issuer, keys) in sources {
            var names: Set<String> = []
            for name in keys.status.identifiers.sorted().prefix(Self.maximumKeys) {
                switch await denylist.verdict(of: .key(name), issuer: issuer) {
                case .revoked: names.insert(name)
                case .clear: break
                // Unknown changes nothing.
                case .unknown: if revoked.contains(name, of: issuer) { names.insert(name) }
                }
            }
            for name in revoked.update(names, of: issuer).sorted() {
                logger.warning(
                    "a key is revoked and still trusted: take it out of the key set, every token of it is refused",
                    metadata: ["issuer": "\(issuer)", "kid": "\(name)"])
            }
        }
    }
}
