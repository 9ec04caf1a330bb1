import Contract
import Testing

@Suite struct GuardedKeyTests {
    private func kind(_ key: String) -> Scope.Kind {
        GuardedKey.kind(of: key.utf8.span.bytes, prefixLength: "revoked:".utf8.count)
    }

    @Test(arguments: [
        ("revoked:jti:a", Scope.Kind.token), ("revoked:sid:a", .session), ("revoked:sub:a", .subject),
        ("revoked:client:a", .client), ("revoked:kid:a", .key), ("revoked:all", .all),
        ("revoked:eu:jti:a", .token), ("revoked:eu:sid:a", .session), ("revoked:eu:sub:a", .subject),
        ("revoked:eu:client:a", .client), ("revoked:eu:kid:a", .key), ("revoked:eu:all", .all),
        // What an identifier holds does not matter.
        ("revoked:jti:sub:a", .token), ("revoked:sub:jti:a", .subject), ("revoked:sub:all", .subject),
        ("revoked:sid:", .session), ("revoked:sub:", .subject),
        // No shape of ours: a token's.
        ("revoked:", .token), ("revoked:a", .token), ("revoked:allx", .token), ("revoked:all:", .token),
        ("revoked:ALL", .token), ("revoked:SUB:a", .token), ("revoked:sub", .token), ("revoked:EU:sub:a", .token),
        ("revoked::sub:a", .token), ("revoked:eu:x:sub:a", .token), ("revoked:eu:allx", .token),
        ("revoked:" + String(repeating: "x", count: 32) + ":sub:a", .subject),
        ("revoked:" + String(repeating: "x", count: 33) + ":sub:a", .token),
    ])
    func kinds(key: String, expected: Scope.Kind) {
        #expect(kind(key) == expected)
    }

    @Test(arguments: Scope.Kind.allCases)
    func everyWordIsReadAndIsNoLabel(expected: Scope.Kind) {
        #expect(kind("revoked:" + expected.word + (expected == .all ? "" : ":a")) == expected)
        #expect(throws: ContractError.self) { try Namespace(issuerLabel: expected.word) }
    }

    @Test func everyKeyIsReadAsWhatItWasWrittenFor() throws {
        let identifiers = [
            "a", "jti:a", "all", "sub", "kid", ":", "sha256:x", "eu:sub:a", String(repeating: "x", count: 300),
        ]
        for namespace in [Namespace(), try Namespace(issuerLabel: "eu"), try Namespace(issuerLabel: "sha256")] {
            for identifier in identifiers {
                for scope in [
                    Scope.token(identifier), .session(identifier), .subject(identifier), .client(identifier),
                    .key(identifier), .all,
                ] {
                    let key = try namespace.key(for: scope)
                    #expect(kind(key) == scope.kind, "\(key)")
                    #expect(key.utf8.count <= Limits.maximumGuardedKeyBytes)
                }
            }
        }
    }
}
