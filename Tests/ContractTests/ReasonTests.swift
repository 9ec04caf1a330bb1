import Contract
import Testing

@Suite struct ReasonTests {
    @Test(arguments: ["logout", "a", "with spaces", "ü", String(repeating: "x", count: 128)])
    func reasons(text: String) throws {
        #expect(try Reason(text).text == text)
    }

    @Test(arguments: [
        "", "a\r\nb", "\0", "\u{7F}", String(repeating: "x", count: 129), String(repeating: "ü", count: 65),
    ])
    func whatIsNoReason(text: String) {
        let error = #expect(throws: ContractError.self) { try Reason(text) }
        #expect(error?.code == .invalidReason)
    }

    @Test func whateverAStoreHoldsIsAReason() {
        #expect(Reason(stored: [0xFF, 0x61]).text == "\u{FFFD}a")
        #expect(Reason(stored: []).text == "")
    }

    /// What an exchange writes yields to every other reason, and lets the token be exchanged again within the grace.
    @Test(arguments: ["rotated:", "rotated:1700000000000:next", "rotated:x"])
    func noReasonIsARotation(text: String) throws {
        let error = #expect(throws: ContractError.self) { try Reason(text) }
        #expect(error?.code == .invalidReason)
        let read = Reason(stored: text.utf8)
        #expect(read.text == "rotated")
        #expect(try Reason(read.text) == read)
    }

    @Test func theKnownReasonsAreValid() throws {
        for reason in [Reason.logout, .compromised, .admin] { #expect(try Reason(reason.text) == reason) }
    }
}
