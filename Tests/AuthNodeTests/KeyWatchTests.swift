import AdminHTTP
import Foundation
import Logging
import PrometheusMetrics
import RevocationHTTP
import Synchronization
import TestSupport
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

    private let directory = try! TemporaryFolder()
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` while a watch looks after the directory's keys, or the one of a file.
    private func watching(file: String? = nil, _ body: (KeyRing, Turns) async throws -> Void) async throws {
        let path = file.map { directory.file($0) } ?? directory.path
        let ring = try await KeyRing(try KeyFiles.load(path, logger: logger))
        let turns = Turns()
        let watch = KeyWatch(path: path, keys: ring, logger: logger) { try await turns.pause() }
        let running = Task { try await watch.run() }
        await turns.begin()
        try await body(ring, turns)
        turns.end()
        try await running.value
    }

    private func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: directory.file(name)) }

    @Test func filesThatChangeAreNoticed() async throws {
        let old = try KeyFiles.create(directory.file("2.pem"), algorithm: .es256)
        try await watching { ring, turns in
            await turns.look()
            #expect(try published(ring) == [old.publicKey.identifier])
            let new = try KeyFiles.create(directory.file("1.pem"), algorithm: .eddsa)
            await turns.look()
            #expect(try published(ring) == [new, old].map(\.publicKey.identifier))
            try remove("2.pem")
            await turns.look()
            #expect(try published(ring) == [new.publicKey.identifier])
            #expect(ring.status.keyCount == 1 && ring.status.problems == [])
        }
    }

    /// A key that was withdrawn must not live on because another file is damaged.
    @Test func whatIsGoneIsDroppedWhateverTheOtherFilesAreLike() async throws {
        let gone = try KeyFiles.create(directory.file("1.pem"), algorithm: .es256)
        let rest = try KeyFiles.create(directory.file("2.pem"), algorithm: .es256)
        try await watching { ring, turns in
            try Data("half a key".utf8).write(to: URL(filePath: directory.file("0.pem")))
            try FileManager.default.createSymbolicLink(
                atPath: directory.file("3.pem"), withDestinationPath: directory.file("nowhere"))
            try FileManager.default.copyItem(atPath: directory.file("2.pem"), toPath: directory.file("4.pem"))
            try #require(mkfifo(directory.file("5.pem"), 0o600) == 0)
            await turns.look()
            #expect(try published(ring) == [gone, rest].map(\.publicKey.identifier))
            try remove("1.pem")
            await turns.look()
            #expect(try published(ring) == [rest.publicKey.identifier])
            #expect(ring.status.problems.count == 4)
            for name in ["0.pem", "3.pem", "4.pem", "5.pem"] {
                #expect(ring.status.problems.contains { $0.contains(name) })
                try remove(name)
            }
            await turns.look()
            #expect(ring.status.keyCount == 1 && ring.status.problems == [])
        }
    }

    /// A file that is there and cannot be read was not withdrawn; one that holds something else was.
    @Test func aFileThatCannotBeReadKeepsItsKey() async throws {
        let key = try KeyFiles.create(directory.file("1.pem"), algorithm: .es256)
        let other = try KeyFiles.create(directory.file("2.pem"), algorithm: .es256)
        try await watching { ring, turns in
            try remove("1.pem")
            try FileManager.default.createDirectory(atPath: directory.file("1.pem"), withIntermediateDirectories: false)
            await turns.look()
            #expect(try published(ring) == [key, other].map(\.publicKey.identifier))
            #expect(ring.status.problems.count == 1)
            try remove("1.pem")
            try Data("something else".utf8).write(to: URL(filePath: directory.file("1.pem")))
            await turns.look()
            #expect(try published(ring) == [other.publicKey.identifier])
        }
    }

    /// Another node may sign with it already: a log-out must not treat its tokens as foreign until the next look.
    @Test func aKeyThatIsThereIsReadWhenATokenNeedsIt() async throws {
        _ = try KeyFiles.create(directory.file("1.pem"), algorithm: .es256)
        try await watching { ring, _ in
            let new = try KeyFiles.create(directory.file("2.pem"), algorithm: .es256).publicKey.identifier
            #expect(ring.keys(for: new).identifiers.contains(new) == false)
            let keys = try await ring.keys(for: new) { $0.identifiers.contains(new) }
            #expect(keys.identifiers.contains(new))
            // What it will be is unknown.
            try Data("half a key".utf8).write(to: URL(filePath: directory.file("3.pem")))
            let rejection = await #expect(throws: TokenRejection.self) {
                try await ring.keys(for: "third") { $0.identifiers.contains("third") }
            }
            #expect(rejection?.code == .keysUnavailable)
            try remove("3.pem")
            #expect(try await ring.keys(for: "third") { _ in false }.identifiers.count == 2)
        }
    }

    @Test func whenAllFilesAreGoneThereIsNoKey() async throws {
        _ = try KeyFiles.create(directory.file("1.pem"), algorithm: .es256)
        try await watching { ring, turns in
            try remove("1.pem")
            await turns.look()
            #expect(try published(ring) == [])
            #expect(ring.status.keyCount == 0)
            #expect(ring.status.problems.count == 1)
            let new = try KeyFiles.create(directory.file("1.pem"), algorithm: .es256)
            await turns.look()
            #expect(try published(ring) == [new.publicKey.identifier])
        }
    }

    /// The same where the setting names a file, and where a link leads nowhere any more, as Kubernetes' secrets do.
    @Test func aFileThatIsGoneTakesItsKeyWithIt() async throws {
        _ = try KeyFiles.create(directory.file("1.pem"), algorithm: .es256)
        try await watching(file: "1.pem") { ring, turns in
            try remove("1.pem")
            await turns.look()
            #expect(try published(ring) == [])
            #expect(ring.status.problems.contains { $0.contains("there is no key at \(directory.file("1.pem"))") })
        }
        let rest = try KeyFiles.create(directory.file("1.pem"), algorithm: .es256)
        let target = try TemporaryFolder()
        _ = try KeyFiles.create(target.file("key"), algorithm: .es256)
        try FileManager.default.createSymbolicLink(
            atPath: directory.file("2.pem"), withDestinationPath: target.file("key"))
        try await watching { ring, turns in
            await turns.look()
            #expect(try published(ring).count == 2)
            try FileManager.default.removeItem(atPath: target.file("key"))
            await turns.look()
            #expect(try published(ring) == [rest.publicKey.identifier])
        }
    }

    /// The operator hears of it: in the log, at /readyz and in the metrics.
    @Test func whatIsWrongWithKeysIsTold() async throws {
        _ = try KeyFiles.create(directory.file("1.pem"), algorithm: .es256)
        let denylist = try TestDenylist(clock: TestClock(wall: TestNode.start))
        let others = KeySetCache { () async throws(VerificationKeysError) in Data(#"{"keys":[]}"#.utf8) }
        let other = TrustedIssuer(name: "other", audience: "a", keys: others)
        try await watching { ring, turns in
            let health = NodeHealth(denylist: denylist, own: "own", keys: ring, others: [other])
            func expect(own: Int, other: Int, sourceLocation: SourceLocation = #_sourceLocation) async {
                let warnings = await health.report().warnings ?? []
                for (issuer, count) in [("own", own), ("other", other)] {
                    #expect(
                        warnings.count { $0.hasPrefix("keys of \(issuer): ") } == count, sourceLocation: sourceLocation)
                    let sample = "revoked_node_key_problems{issuer=\"\(issuer)\"} \(count)\n"
                    #expect(Exposition.text(health.families).contains(sample), sourceLocation: sourceLocation)
                }
            }
            await expect(own: 0, other: 0)
            try Data("half a key".utf8).write(to: URL(filePath: directory.file("0.pem")))
            await turns.look()
            await expect(own: 1, other: 0)
            _ = try? await others.keys(for: "k")
            await expect(own: 1, other: 1)
            #expect(Exposition.text(health.families).contains("revoked_node_keys{issuer=\"other\"} 0\n"))
            #expect(Exposition.text(health.families).contains("revoked_node_keys{issuer=\"own\"} 1\n"))
            try remove("0.pem")
            await turns.look()
            await expect(own: 0, other: 1)
        }
    }

    /// The keys that all verify with; the first signs.
    private func published(_ ring: KeyRing) throws -> [String?] {
        let set = try JSONSerialization.jsonObject(with: ring.json) as? [String: [[String: Any]]]
        return try #require(set?["keys"]).map { $0["kid"] as? String }
    }
}
