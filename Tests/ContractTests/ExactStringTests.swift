import Contract
import Testing

@Suite struct ExactStringTests {
    @Test(arguments: [("jos\u{E9}", "jose\u{301}"), ("K", "\u{212A}"), ("\u{C5}", "\u{212B}"), ("a", "b"), ("", "a")])
    func onlyTheSameBytesAreEqual(one: String, other: String) {
        #expect(ExactString(one) != ExactString(other))
        #expect(!one.isExactly(other))
        #expect(ExactString(one) == ExactString(String(one.unicodeScalars.map { Character($0) })))
        #expect(Set([ExactString(one), ExactString(other), ExactString(one)]).count == 2)
    }

    /// Whatever has a key is equal only to what has the same one.
    @Test(arguments: [("jos\u{E9}", "jose\u{301}"), ("K", "\u{212A}")])
    func namesThatLookAlikeAreTwo(one: String, other: String) throws {
        let kinds: [(String) -> Scope] = [Scope.token, Scope.session, Scope.subject, Scope.client, Scope.key]
        for scope in kinds {
            #expect(scope(one) != scope(other))
            #expect(Set([scope(one), scope(other), scope(one)]).count == 2)
        }
        #expect(Namespace(prefix: one) != Namespace(prefix: other))
        #expect(Rotation(time: 1, successor: one) != Rotation(time: 1, successor: other))
        let terms = try Terms(issuers: [.init(name: one, lifetime: 1), .init(name: "b", label: "b", lifetime: 1)])
        #expect(terms.issuer(one) != nil)
        #expect(terms.issuer(other) == nil)
    }
}
