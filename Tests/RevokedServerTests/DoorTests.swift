import Foundation
import Testing

/// The two doors of the daemon: what the compiler does not keep shut is looked for in the source.
@Suite struct DoorTests {
    /// The daemon's source files that hold a text, with their folder.
    private static func files(with text: String) throws -> [String] {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources/RevokedServer")
        let all = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
        let swift = (all?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
        #expect(swift.count > 50)
        return try swift.filter { try String(contentsOf: $0, encoding: .utf8).contains(text) }.map {
            $0.pathComponents.suffix(2).joined(separator: "/")
        }.sorted()
    }

    /// Every command's write of a key takes a permit, and four files make them: for one key, for several, for what one
    /// key gives to another, and for what is imported.
    @Test func onePlaceWritesKeys() throws {
        let door = [
            "Guarded/ImportSink.swift", "Guarded/ServingContext+Transfer.swift", "Guarded/ServingContext+Write.swift",
            "Guarded/ServingContext+WriteSeveral.swift",
        ]
        #expect(try Self.files(with: "WritePermit()") == door)
        #expect(try Self.files(with: "Denylist(") == ["Guarded/GuardedTable.swift"])
        #expect(try Self.files(with: ".lockAll") == ["Guarded/GuardedTable.swift"])
    }

    /// Every reply to a write waits for followers, but for those that the doors know to concern plain keys or
    /// rotations.
    @Test func onlyTheDoorsAnswerBeforeFollowers() throws {
        let door = [
            "Guarded/ServingContext+Transfer.swift", "Guarded/ServingContext+Write.swift",
            "Guarded/ServingContext+WriteSeveral.swift", "Session/ReplyHolds.swift",
        ]
        #expect(try Self.files(with: "waitForDisk(") == door)
        #expect(try Self.files(with: "ReplyHolds(") == ["Session/ServingContext.swift"])
    }

    /// Every record reaches the log through the journal.
    @Test func onePlaceAppendsToTheLog() throws {
        for call in ["log.append", "log?.append"] { #expect(try Self.files(with: call) == []) }
        #expect(try Self.files(with: "disk?.append") == ["Journal/Journal.swift"])
    }
}
