package import Contract

/// A revocation as it stands in a store.
package struct StoredRevocation: Sendable {
    package let kind: Scope.Kind
    /// The label of its issuer; nil for none.
    package let label: String?
    /// The identifier, or its digest if it was too long; nil for all.
    package let identifier: String?
    /// A reason; of a cut-off nil.
    package let reason: Reason?
    /// Unix milliseconds, if it is a cut-off that can be read.
    package let cutOff: Int64?
    /// nil without an expiry.
    package let millisecondsLeft: Int64?

    /// - Parameter key: begins with the prefix.
    init(_ key: String, _ value: [UInt8], millisecondsLeft: Int64?, prefix: String) {
        let kind = GuardedKey.kind(of: key.utf8.span.bytes, prefixLength: prefix.utf8.count)
        self.kind = kind
        // By bytes, as keys are: to characters a colon and a combining mark behind it are one.
        let parts = key.utf8.dropFirst(prefix.utf8.count).split(
            separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
        func isWord(_ part: Substring.UTF8View) -> Bool { part.elementsEqual(kind.word.utf8) }
        let isLabelled = parts.count > 1 && !isWord(parts[0]) && isWord(parts[1])
        label = isLabelled ? String(Substring(parts[0])) : nil
        let rest = parts.dropFirst(isLabelled ? 1 : 0)
        // A guarded key of another form counts as a token's.
        let isNamed = rest.first.map(isWord) ?? false
        let name = isNamed ? rest.dropFirst() : rest
        identifier = kind == .all ? nil : name.map { String(Substring($0)) }.joined(separator: ":")
        reason = kind.isCutOff ? nil : Reason(stored: value)
        cutOff = kind.isCutOff ? CutOff.parse(value.span.bytes) : nil
        self.millisecondsLeft = millisecondsLeft
    }
}

extension StoreAdministration {
    /// Keys in one `SCAN`.
    private static let page = 500

    /// Reads every revocation, a page at a time. One that is made or changed meanwhile may be missing, or come twice.
    /// - Parameter each: told a page's revocations, how many keys were read so far, and of about how many.
    package func list(
        _ each: (_ found: [StoredRevocation], _ read: Int, _ total: Int) throws -> Void
    ) async throws {
        let prefix = try await keyPrefix()
        switch store {
        case .server(let backend):
            try await list(prefix, each) { (commands) async throws(StoreFailure) in
                try await backend.send(commands).unproven { $0 }
            }
        case .cluster(let backend):
            let primaries = try await acting { () async throws(StoreFailure) in
                try await backend.nodes.topology().primaries
            }
            for location in primaries {
                try await list(prefix, each) { (commands) async throws(StoreFailure) in
                    try await backend.nodes.node(at: location).writes.call(commands)
                }
            }
        }
    }

    private func list(
        _ prefix: String, _ each: (_ found: [StoredRevocation], _ read: Int, _ total: Int) throws -> Void,
        by send: ([Command]) async throws(StoreFailure) -> [Reply]
    ) async throws {
        let size = try await acting { () async throws(StoreFailure) in try await send([Command("DBSIZE")]) }
        guard case .integer(let total) = size[0] else { throw RevocationError(StoreFailure(unexpected: size[0])) }
        var (read, cursor) = (0, "0")
        repeat {
            let (found, count) = try await acting { () async throws(StoreFailure) in
                // Without MATCH, so that pages show how far it is.
                let scanned = try await send([Command("SCAN", cursor, "COUNT", String(Self.page))])
                let page = try ScanPage(scanned[0])
                cursor = page.cursor
                let keys = page.keys.filter { $0.utf8.starts(with: prefix.utf8) }
                return (try await Self.read(keys, prefix, by: send), page.keys.count)
            }
            read += count
            try each(found, read, max(read, Int(total)))
        } while cursor != "0"
    }

    private static func read(
        _ keys: [String], _ prefix: String, by send: ([Command]) async throws(StoreFailure) -> [Reply]
    ) async throws(StoreFailure) -> [StoredRevocation] {
        guard !keys.isEmpty else { return [] }
        // One command a key: in a Cluster they lie in many slots.
        let replies = try await send(keys.flatMap { [Command("GET", $0), Command("PTTL", $0)] })
        var found: [StoredRevocation] = []
        for (index, key) in keys.enumerated() {
            guard case .integer(let left) = replies[2 * index + 1] else {
                throw StoreFailure(unexpected: replies[2 * index + 1])
            }
            // It may have expired since the SCAN.
            guard let value = try replies[2 * index].value(), left != -2 else { continue }
            found.append(StoredRevocation(key, value, millisecondsLeft: left >= 0 ? left : nil, prefix: prefix))
        }
        return found
    }
}
