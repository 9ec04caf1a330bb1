import Foundation
import Logging
import Synchronization
import Testing

@testable import AuthNode

@Suite(.timeLimit(.minutes(1))) struct KeyWatchTests {
    /// Lets a watch look when a test says so.
    private final class Turns: Sendable {
        private let looks = AsyncStream<Void>.makeStream()
        private let pauses = AsyncStream<Void>.makeStream()

        /// What the watch waits with.
        func pause() async throws {
            pauses.continuation.yield()
            for await _ in looks.stream { return }
            throw CancellationError()
        }

        func begin() async { for await _ in pauses.stream { return } }

        /// Has it look once, and waits until it has.
        func look() async {
            looks.continuation.yield()
            await begin()
        }

        func end() { looks.continuation.finish() }
    }

    @Test func filesThatChangeAreNoticedAndBadOnesAreNot() async throws {
        let directory = try TemporaryDirectory()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let old = try KeyFiles.create(directory.file("2.pem"), algorithm: .es256)
        let ring = try await KeyRing(try KeyFiles.load(directory.path, logger: logger))
        let turns = Turns()
        let watch = KeyWatch(path: directory.path, keys: ring, logger: logger) { try await turns.pause() }
        let running = Task { try await watch.run() }
        await turns.begin()

        await turns.look()
        #expect(try published(ring) == [old.publicKey.identifier])

        let new = try KeyFiles.create(directory.file("1.pem"), algorithm: .eddsa)
        await turns.look()
        #expect(try published(ring) == [new, old].map(\.publicKey.identifier))

        try Data("no key".utf8).write(to: URL(filePath: directory.file("0.pem")))
        await turns.look()
        #expect(try published(ring) == [new, old].map(\.publicKey.identifier))

        try FileManager.default.removeItem(atPath: directory.file("0.pem"))
        try FileManager.default.removeItem(atPath: directory.file("2.pem"))
        await turns.look()
        #expect(try published(ring) == [new.publicKey.identifier])

        turns.end()
        try await running.value
    }

    /// The keys that all verify with; the first signs.
    private func published(_ ring: KeyRing) throws -> [String?] {
        let set = try JSONSerialization.jsonObject(with: ring.json) as? [String: [[String: Any]]]
        return try #require(set?["keys"]).map { $0["kid"] as? String }
    }
}
