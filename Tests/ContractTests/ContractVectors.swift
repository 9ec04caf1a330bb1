import Contract
import Foundation

/// `Vectors/contract.json`: what the wire contract says of keys, values, times and tokens, written by a program that
/// shares nothing with this implementation.
struct ContractVectors: Decodable {
    struct KeyRow: Decodable {
        let scope: String
        let identifier: String?
        let label: String?
        let expected: String
    }

    struct LabelRow: Decodable {
        let label: String
        let expected: Bool
    }

    struct KindRow: Decodable {
        let key: String
        let expected: String
    }

    struct CutOffRow: Decodable {
        let value: String
        let now: Int64
        let expected: Bool
    }

    struct MergeRow: Decodable {
        let scope: String
        let held: String
        let written: String
        let expected: String
    }

    struct RotationRow: Decodable {
        struct Expected: Decodable {
            let time: Int64
            let successor: String
        }

        let value: String
        let expected: Expected?
    }

    struct LifetimeRow: Decodable {
        let exp: Int64
        let now: Int64
        let expected: Int64
    }

    struct CutOffOfNowRow: Decodable {
        let now: Int64
        let lead: Int64
        let held: [String]
        let logIn: Int64?
        let expected: Int64?
    }

    struct LogInRow: Decodable {
        let token: Token
        let store: [String: String]
        let now: Int64
        let expected: Int64?
    }

    struct RefreshRow: Decodable {
        struct Expected: Decodable {
            let iat: Int64
            let authTime: Int64
        }

        let now: Int64
        let iat: Int64?
        let authTime: Int64?
        let expected: Expected?
    }

    struct VerdictRow: Decodable {
        let token: Token
        let store: [String: String]
        let label: String?
        let now: Int64
        let expected: String
    }

    /// Times are Unix milliseconds.
    struct Token: Decodable {
        let jti: String?
        let sid: String?
        let sub: String?
        let clientId: String?
        let kid: String?
        let iat: Int64?
        let authTime: Int64?

        var claims: TokenClaims {
            TokenClaims(
                issuer: "issuer", subject: sub, session: sid, identifier: jti, client: clientId, key: kid,
                issuedAt: iat, authenticatedAt: authTime)
        }
    }

    let pinned: String
    let keys: [KeyRow]
    let labels: [LabelRow]
    let kinds: [KindRow]
    let cutOffs: [CutOffRow]
    let merges: [MergeRow]
    let rotations: [RotationRow]
    let lifetimes: [LifetimeRow]
    let cutOffsOfNow: [CutOffOfNowRow]
    let logIns: [LogInRow]
    let refreshes: [RefreshRow]
    let verdicts: [VerdictRow]

    init(contentsOf file: URL) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(ContractVectors.self, from: Data(contentsOf: file))
    }

    // MARK: Comparing

    /// What this implementation finds otherwise, by section.
    var mismatches: [String] {
        keyMismatches + valueMismatches + timeMismatches + tokenMismatches
    }

    /// How many examples are compared.
    var count: Int {
        keys.count + labels.count + kinds.count + cutOffs.count + merges.count + rotations.count + lifetimes.count
            + cutOffsOfNow.count + logIns.count + refreshes.count + verdicts.count
    }

    private func different<Row>(_ section: String, _ rows: [Row], _ holds: (Row) -> Bool) -> [String] {
        rows.filter { !holds($0) }.map { "\(section): \($0)" }
    }

    private var keyMismatches: [String] {
        different("keys", keys) { row in
            guard let namespace = Self.namespace(row.label) else { return false }
            let scope = Self.kind(row.scope).map { Self.scope($0, row.identifier ?? "") }
            // Byte for byte: equal texts may have different bytes.
            return scope.flatMap { try? namespace.key(for: $0) }.map { Array($0.utf8) } == Array(row.expected.utf8)
        }
            + different("labels", labels) { row in (Self.namespace(row.label) != nil) == row.expected }
            + different("kinds", kinds) { row in
                GuardedKey.kind(of: row.key.utf8.span.bytes, prefixLength: "revoked:".utf8.count)
                    == Self.kind(row.expected)
            }
    }

    private var valueMismatches: [String] {
        different("cut_offs", cutOffs) { row in
            (CutOff.implausibility(of: row.value.utf8.span.bytes, now: row.now) == nil) == row.expected
        }
            + different("merges", merges) { row in
                guard let kind = Self.kind(row.scope) else { return false }
                let winner = Merge.winner(
                    kind: kind, existing: row.held.utf8.span.bytes, incoming: row.written.utf8.span.bytes)
                return (winner == .existing ? row.held : row.written) == row.expected
            }
            + different("rotations", rotations) { row in
                let rotation = Rotation(value: Array(row.value.utf8))
                return rotation?.time == row.expected?.time && rotation?.successor == row.expected?.successor
                    && (rotation == nil || rotation?.value == row.value)
            }
    }

    private var timeMismatches: [String] {
        different("lifetimes", lifetimes) { row in
            Lifetime.secondsToLive(expiresAt: row.exp, now: row.now) == (row.expected == 0 ? nil : row.expected)
        }
            + different("cut_offs_of_now", cutOffsOfNow) { row in
                CutOff.now(row.now, lead: row.lead, held: row.held.map { Array($0.utf8) }, logInTime: row.logIn)
                    == row.expected
            }
            + different("refreshes", refreshes) { row in
                let token = TokenClaims(issuer: "issuer", issuedAt: row.iat, authenticatedAt: row.authTime)
                let times = token.refreshedTimes(now: row.now)
                return times?.issuedAt == row.expected?.iat && times?.authenticatedAt == row.expected?.authTime
            }
    }

    private var tokenMismatches: [String] {
        different("log_ins", logIns) { row in
            let check = Check(row.token.claims, in: Namespace())
            let time = try? check.issueTime(
                values: Self.values(of: check, row.store), pinnedEpoch: Array(pinned.utf8), now: row.now)
            return time == row.expected
        }
            + different("verdicts", verdicts) { row in
                guard let namespace = Self.namespace(row.label) else { return false }
                let check = Check(row.token.claims, in: namespace)
                let verdict = check.verdict(
                    values: Self.values(of: check, row.store), pinnedEpoch: Array(pinned.utf8), now: row.now)
                let word =
                    switch verdict {
                    case .clear: "clear"
                    case .revoked: "revoked"
                    case .unknown: "unknown"
                    }
                return word == row.expected
            }
    }

    // MARK: Words

    /// Byte for byte, as a store compares keys.
    private static func values(of check: Check, _ store: [String: String]) -> [[UInt8]?] {
        check.keys.map { key in
            store.first { $0.key.utf8.elementsEqual(key.utf8) }.map { Array($0.value.utf8) }
        }
    }

    private static func namespace(_ label: String?) -> Namespace? {
        label.map { try? Namespace(issuerLabel: $0) } ?? Namespace()
    }

    private static func kind(_ name: String) -> Scope.Kind? {
        Scope.Kind.allCases.first { "\($0)" == name }
    }

    private static func scope(_ kind: Scope.Kind, _ identifier: String) -> Scope {
        switch kind {
        case .token: .token(identifier)
        case .session: .session(identifier)
        case .subject: .subject(identifier)
        case .client: .client(identifier)
        case .key: .key(identifier)
        case .all: .all
        }
    }
}
