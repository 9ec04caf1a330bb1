public import Contract

extension StoreAdministration {
    /// Keys in one `SCAN`.
    private static let step = 500

    /// Prolongs existing revocations after an issuer's lifetime grew: a session that began before may now last as long
    /// as a new one. Call it after every growth, and again if it fails.
    /// - Returns: how many revocations were prolonged; nil in a Cluster, whose keys are not scanned.
    public func prolong(under terms: Terms) async throws(RevocationError) -> Int? {
        guard case .server(let backend) = store else { return nil }
        let prefix = try await keyPrefix()
        var prolonged = 0
        for issuer in terms.issuers where issuer.lifetimes.count > 1 {
            let inForce: IssuerInForce
            do throws(ContractError) { inForce = try IssuerInForce(issuer, prefix: prefix) } catch {
                throw RevocationError(.termsDisagree, error.message, cause: error)
            }
            prolonged += try await prolong(inForce, backend)
        }
        return prolonged
    }

    private func prolong(_ issuer: IssuerInForce, _ backend: RedisBackend) async throws(RevocationError) -> Int {
        let prefix = issuer.namespace.prefix
        let beginnings = Scope.Kind.allCases.filter(Self.isProlonged).map { "\(prefix)\($0.word):" }
        var (prolonged, cursor) = (0, "0")
        repeat {
            let found = try await send(backend, [Command("SCAN", cursor, "COUNT", String(Self.step))])
            let page: ScanPage
            do throws(StoreFailure) { page = try ScanPage(found[0]) } catch { throw RevocationError(error) }
            cursor = page.cursor
            let keys = page.keys.filter { key in beginnings.contains { key.utf8.starts(with: $0.utf8) } }
            prolonged += try await prolong(keys, to: issuer.secondsToLive, backend)
        } while cursor != "0"
        return prolonged + (try await prolong(["\(prefix)\(Scope.Kind.all.word)"], to: issuer.secondsToLive, backend))
    }

    /// Whether keys of this kind name something, and are kept as long as the issuer's terms say.
    private static func isProlonged(_ kind: Scope.Kind) -> Bool {
        switch kind {
        case .session, .subject, .client: true
        case .token, .key, .all: false
        }
    }

    private func prolong(
        _ keys: [String], to seconds: Int64, _ backend: RedisBackend
    ) async throws(RevocationError) -> Int {
        guard !keys.isEmpty else { return 0 }
        let left = try await send(backend, keys.map { Command("TTL", $0) })
        let short = zip(keys, left).compactMap { key, reply in
            if case .integer(let left) = reply, (0..<seconds).contains(left) { key } else { nil }
        }
        guard !short.isEmpty else { return 0 }
        let replies = try await send(backend, short.map { Command("EXPIRE", $0, String(seconds)) })
        for reply in replies {
            guard case .integer = reply else { throw RevocationError(StoreFailure(unexpected: reply)) }
        }
        return short.count
    }
}

/// The reply to `SCAN`.
struct ScanPage {
    let cursor: String
    let keys: [String]

    init(_ reply: Reply) throws(StoreFailure) {
        guard case .array(let parts) = reply, parts.count == 2, case .bulk(let cursor) = parts[0],
            case .array(let keys) = parts[1]
        else { throw StoreFailure(unexpected: reply) }
        self.cursor = String(decoding: cursor, as: UTF8.self)
        self.keys = keys.compactMap { key in
            if case .bulk(let bytes) = key { String(validating: bytes, as: UTF8.self) } else { nil }
        }
    }
}
