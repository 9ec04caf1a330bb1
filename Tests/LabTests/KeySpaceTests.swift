import Foundation
import Testing

@testable import Lab

@Suite struct KeySpaceTests {
    @Test(arguments: [0, 1, 999_999, KeySpace.absent, .max])
    func theTextIsTheUUID(index: UInt64) {
        let uuid = KeySpace(seed: 7).uuid(index)
        let digits = [uuid.0, uuid.1].map { String(format: "%016lx", $0) }.joined()
        #expect(text(uuid).replacing("-", with: "") == digits)
        #expect(UUID(uuidString: text(uuid)) != nil)
        #expect(text(uuid).dropFirst(14).first == "4")
    }

    @Test func noKeyComesTwice() {
        let spaces = [KeySpace(), KeySpace(seed: 1)]
        let texts = Set(spaces.flatMap { space in (0..<10_000).map { text(space.uuid($0)) } })
        #expect(texts.count == 20_000)
    }

    private func text(_ uuid: (UInt64, UInt64)) -> String {
        var bytes = Array(KeySpace.placeholder.utf8)
        do {
            var span = bytes.mutableSpan
            var raw = span.mutableBytes
            KeySpace.write(uuid, into: &raw, at: 0)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
