import Contract
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Revocation

/// The file that keeps the pinned epoch over restarts.
@Suite(.timeLimit(.minutes(1))) struct StateFileTests {
    private let directory = try! TemporaryFolder()
    private static let first = "01890a5d-ac96-774b-bcce-b302099a8057"
    private static let second = "01890a5d-ac96-774b-bcce-b302099a8058"

    private func settings(epoch: String? = nil) -> RevocationConfiguration {
        var settings = configuration()
        settings.stateFile = directory.file("state")
        settings.epoch = epoch
        return settings
    }

    private func text() throws -> String { try String(contentsOfFile: directory.file("state"), encoding: .utf8) }

    private func write(_ text: String) throws { try Data(text.utf8).write(to: URL(filePath: directory.file("state"))) }

    @Test func whatIsSavedIsLoaded() throws {
        let file = StateFile(path: directory.file("state"))
        #expect(try file.load() == nil)
        for epoch in [Self.first, Self.second, "e", String(repeating: "e", count: 256)] {
            try file.save(Array(epoch.utf8))
            #expect(try file.load() == Array(epoch.utf8))
            #expect(try text() == "revoked state 1 \(epoch)\n")
        }
        // No other user learns which store is believed, and no draft is left behind.
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.file("state"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["state"])
    }

    /// What was pinned must not be forgotten by accident: then the next store would be believed, whichever it is.
    @Test(arguments: [
        "", "\n", "revoked state 1 ", "revoked state 1 \n", "revoked state 1 e", "revoked state 2 e\n", "e\n",
        "revoked state 1 e\n\n", "revoked state 1 e f\n", "revoked state 1 e\nrevoked state 1 f\n",
        "revoked state 1 \u{7F}\n", "revoked state 1 ü\n", "revoked state 1 \(String(repeating: "e", count: 257))\n",
        "revoked state 1 \(String(repeating: "e", count: 5_000))\n",
    ])
    func aDamagedFileIsAnError(content: String) throws {
        try write(content)
        let error = #expect(throws: RevocationError.self) { try StateFile(path: directory.file("state")).load() }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("damaged") == true)
        #expect(error?.message.contains(directory.file("state")) == true)
        // Nor does a process begin with it.
        let refusal = #expect(throws: RevocationError.self) {
            try RevocationList("redis://127.0.0.1:1", configuration: settings())
        }
        #expect(refusal?.code == .invalidConfiguration)
        #expect(try text() == content)
    }

    /// Cut short anywhere it is no other epoch.
    @Test func halfAFileIsAnError() throws {
        let content = "revoked state 1 \(Self.first)\n"
        for length in 0..<content.utf8.count {
            try write(String(content.prefix(length)))
            #expect(throws: RevocationError.self) { try StateFile(path: directory.file("state")).load() }
        }
    }

    /// The volume that it is on is not mounted.
    @Test func aLinkThatLeadsNowhereIsAnError() throws {
        let file = directory.file("state")
        try FileManager.default.createSymbolicLink(
            atPath: file, withDestinationPath: directory.file("volume") + "/state")
        let error = #expect(throws: RevocationError.self) { try StateFile(path: file).load() }
        #expect(error?.code == .invalidConfiguration && error?.message.contains("cannot read the state file") == true)
    }

    @Test func aFileThatCannotBeReadIsAnError() throws {
        try FileManager.default.createDirectory(atPath: directory.file("state"), withIntermediateDirectories: false)
        let error = #expect(throws: RevocationError.self) { try StateFile(path: directory.file("state")).load() }
        #expect(error?.message.hasPrefix("cannot read the state file") == true)
        // Nor can it be replaced, and what was tried leaves nothing behind.
        let failure = #expect(throws: RevocationError.self) {
            try StateFile(path: directory.file("state")).save([0x65])
        }
        #expect(failure?.message.hasPrefix("cannot write the state file") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["state"])
    }

    /// Only a file that is not there was never written.
    @Test func aFileThatCannotBeOpenedIsAnError() throws {
        try write("revoked state 1 e\n")
        try FileManager.default.createSymbolicLink(
            atPath: directory.file("loop"), withDestinationPath: directory.file("loop"))
        for path in [directory.file("state/below"), directory.file("loop")] {
            let error = #expect(throws: RevocationError.self) { try StateFile(path: path).load() }
            #expect(error?.message.hasPrefix("cannot read the state file \(path)") == true)
        }
    }

    @Test(arguments: ["", "two words", "line\n", "ü", String(repeating: "e", count: 257)])
    func whatCouldNotBeReadBackIsNotWritten(epoch: String) throws {
        let file = StateFile(path: directory.file("state"))
        try file.save(Array(Self.first.utf8))
        #expect(throws: RevocationError.self) { try file.save(Array(epoch.utf8)) }
        #expect(try file.load() == Array(Self.first.utf8))
    }

    // MARK: A process

    /// The store was emptied while the process was away: what it says to be clear proves nothing.
    @Test func aProcessThatStartsAgainBelievesTheSameStoreOnly() async throws {
        let epoch = Mutex(Self.first)
        let store = try await FakeStore { answerHealthily($0, epoch: epoch.withLock { $0 }) }
        let before = try RevocationList(store.url, configuration: settings())
        #expect(await before.verdict(for: token()).isClear)
        #expect(try text() == "revoked state 1 \(Self.first)\n")
        await before.close()

        epoch.withLock { $0 = Self.second }
        let after = try RevocationList(store.url, configuration: settings())
        #expect(await after.verdict(for: token()).unknownCode == .epochChanged)
        await #expect(throws: RevocationError.self) { try await after.revoke(token()) }
        #expect(try text() == "revoked state 1 \(Self.first)\n")
        epoch.withLock { $0 = Self.first }
        #expect(await after.verdict(for: token()).isClear)
        await after.close()
        await store.stop()
    }

    /// An acceptance is kept as well, also by a process that asks once and ends.
    @Test func anAcceptanceIsKept() async throws {
        try write("revoked state 1 \(Self.first)\n")
        let accepted = Mutex<String?>("\(Self.second) replaces other")
        let store = try await FakeStore { command in
            guard command.last == Epoch.acceptedKey else { return answerHealthily(command, epoch: Self.second) }
            return .bytes(
                "*3\r\n" + bulk(sampleTerms) + bulk(Self.second) + (accepted.withLock { $0 }.map(bulk) ?? "$-1\r\n"))
        }
        // It is another epoch's place that was accepted.
        for acceptance in ["\(Self.second) replaces other", Self.second, nil] {
            accepted.withLock { $0 = acceptance }
            let list = try RevocationList(store.url, configuration: settings())
            #expect(await list.verdict(for: token()).unknownCode == .epochChanged)
            #expect(try text() == "revoked state 1 \(Self.first)\n")
            await list.close()
        }
        accepted.withLock { $0 = "\(Self.second) replaces \(Self.first)" }
        let list = try RevocationList(store.url, configuration: settings())
        #expect(await list.verdict(for: token()).isClear)
        #expect(try text() == "revoked state 1 \(Self.second)\n")
        await list.close()
        await store.stop()
    }

    /// A process without a pin must not believe an epoch that was not accepted yet.
    @Test func anEpochThatWaitsForItsAcceptanceIsNotPinned() async throws {
        let epoch = Mutex("\(Self.second) replaces \(Self.first)")
        let store = try await FakeStore { answerHealthily($0, epoch: epoch.withLock { $0 }) }
        let list = try RevocationList(store.url, configuration: settings())
        let verdict = await list.verdict(for: token())
        #expect(verdict.unknownCode == .epochChanged)
        #expect("\(verdict)".contains("revoked accept"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
        epoch.withLock { $0 = Self.second }
        #expect(await list.verdict(for: token()).isClear)
        #expect(try text() == "revoked state 1 \(Self.second)\n")
        await list.close()
        await store.stop()
    }

    @Test func theConfiguredEpochOutranksTheFile() async throws {
        try write("revoked state 1 \(Self.first)\n")
        let store = try await FakeStore.healthy(epoch: Self.second)
        let log = LogLines()
        let list = try RevocationList(store.url, configuration: settings(epoch: Self.second), logger: log.logger)
        #expect(await list.verdict(for: token()).isClear)
        #expect(log.all.contains { $0.hasPrefix("warning") && $0.contains("state file") })
        let other = try RevocationList(store.url, configuration: settings(epoch: Self.first))
        #expect(await other.verdict(for: token()).unknownCode == .epochChanged)
        await list.close()
        await other.close()
        await store.stop()
    }

    /// Checks continue, but a restart would forget the pin: an operator has to hear of it.
    @Test func aFileThatCannotBeWrittenIsTold() async throws {
        let store = try await FakeStore.healthy()
        let log = LogLines()
        var settings = settings()
        settings.stateFile = directory.file("missing/state")
        let list = try RevocationList(store.url, configuration: settings, logger: log.logger)
        #expect(await list.verdict(for: token()).isClear)
        #expect(await list.readiness().warnings?.contains { $0.contains("state file") } == true)
        #expect(log.all.contains { $0.hasPrefix("error") && $0.contains("missing/state") })
        await list.close()
        await store.stop()
    }

    @Test func memoryNeedsNone() throws {
        let error = #expect(throws: RevocationError.self) { try RevocationList("memory:", configuration: settings()) }
        #expect(error?.code == .invalidConfiguration)
    }
}
