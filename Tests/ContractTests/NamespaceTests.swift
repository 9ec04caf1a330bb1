import Contract
import Testing

@Suite struct NamespaceTests {
    private let namespace = Namespace()

    @Test(arguments: [
        (Scope.token("a"), "revoked:jti:a"), (.session("b"), "revoked:sid:b"), (.subject("c"), "revoked:sub:c"),
        (.client("d"), "revoked:client:d"), (.key("e"), "revoked:kid:e"), (.all, "revoked:all"),
    ])
    func keysOfTheDefaultNamespace(scope: Scope, key: String) throws {
        #expect(try namespace.key(for: scope) == key)
        #expect(
            try Namespace(issuerLabel: "eu-1").key(for: scope) == key.replacing("revoked:", with: "revoked:eu-1:"))
    }

    @Test func identifiersAreUsedByteForByte() throws {
        for identifier in ["A", "a:b", "a\r\nb", "a\0b", "ü", String(repeating: "x", count: 256), "SHA256:x", "sha256"]
        {
            #expect(try namespace.key(for: .token(identifier)) == "revoked:jti:" + identifier)
        }
        // Equal as Unicode, different as bytes.
        let composed = try namespace.key(for: .token("\u{E9}"))
        let decomposed = try namespace.key(for: .token("e\u{301}"))
        #expect(!composed.utf8.elementsEqual(decomposed.utf8))
    }

    @Test func longIdentifiersAndThoseThatLookLikeDigestsAreDigested() throws {
        // From `printf %s … | sha256sum`.
        #expect(
            try namespace.key(for: .token("sha256:"))
                == "revoked:jti:sha256:9fd714ce6f63c3b320c944b70e80a5d105fd2f3e2d30ae2fa81370e223f50d07")
        #expect(
            try namespace.key(for: .subject(String(repeating: "x", count: 257)))
                == "revoked:sub:sha256:15eb95a462ee20bd91a415ae2d4aed341288186ddaa2b37908f7d592f0c3f85f")
        // 256 bytes, not characters.
        let long = String(repeating: "ü", count: 129)
        #expect(try namespace.key(for: .token(long)).hasPrefix("revoked:jti:sha256:"))
        // A digest cannot be passed off as the identifier that it stands for.
        let key = try namespace.key(for: .token(long))
        #expect(try namespace.key(for: .token(String(key.dropFirst("revoked:jti:".count)))) != key)
    }

    @Test(arguments: [Scope.token(""), .session(""), .subject(""), .client(""), .key("")])
    func anEmptyIdentifierIsRefused(scope: Scope) {
        let error = #expect(throws: ContractError.self) { try namespace.key(for: scope) }
        #expect(error?.code == .emptyIdentifier)
    }

    @Test(arguments: ["a", "eu-1", "0", String(repeating: "x", count: 32), "jtix", "-"])
    func labels(label: String) throws {
        #expect(try Namespace(issuerLabel: label).prefix == "revoked:\(label):")
    }

    @Test(arguments: [
        "", "A", "a_b", "a:b", "ü", String(repeating: "x", count: 33), "jti", "sid", "sub", "client", "kid", "all",
    ])
    func whatIsNoLabel(label: String) {
        let error = #expect(throws: ContractError.self) { try Namespace(issuerLabel: label) }
        #expect(error?.code == .invalidIssuerLabel)
    }
}
