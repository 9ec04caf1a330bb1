import Foundation
import Testing

@testable import revoked

/// What others chose is shown to an administrator.
@Suite struct TerminalTextTests {
    /// ESC, DEL, CSI of C1, right-to-left override, isolate, zero-width space, line separator, a tag beyond 16 bits.
    static let steering = ["\u{1B}", "\u{7F}", "\u{9B}", "\u{202E}", "\u{2066}", "\u{200B}", "\u{2028}", "\u{E0041}"]

    @Test(arguments: steering)
    func nothingSteersATerminal(character: String) throws {
        let text = "alice\(character)[2Jé"
        #expect(text.printable == "alice?[2Jé")

        let line = String(decoding: try JSONEncoder().encode(["identifier": text]), as: UTF8.self).printableJSON
        #expect(!line.contains(character))
        let read = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
        #expect(read == ["identifier": text])
    }

    @Test func otherTextStays() {
        let text = "Müller 王 🙂 {\"a\":\"\\u0007\"}"
        #expect(text.printable == text)
        #expect(text.printableJSON == text)
    }
}
