import Foundation
import Synchronization
import TestSupport
import Testing

/// `revoked cut-over`, from a redis-server to the daemon that imports it.
@Suite(.timeLimit(.minutes(3))) struct CutOverTests {
    private static let epoch = "11111111-2222-4333-8444-555555555555"
    private let data: DataFolder
    private let source: ImportedRedis

    init() throws {
        data = try DataFolder()
        source = try ImportedRedis()
    }

    private func start(_ source: Int, _ daemon: Int, _ arguments: [String] = []) throws -> TestProcess {
        try TestProcess(
            try DaemonProcess.program(),
            ["cut-over", "--from", "redis://127.0.0.1:\(source)", "--backend", "redis://127.0.0.1:\(daemon)"]
                + arguments)
    }

    private func run(_ daemon: DaemonProcess, _ arguments: [String] = []) throws -> (status: Int32, output: String) {
        try start(source.port, daemon.port, arguments).waitForEnd(within: 60)
    }

    /// What a process that has pinned the source's epoch makes of a token.
    private func check(_ jti: String, _ port: Int) throws -> Int32 {
        try TestProcess(
            try DaemonProcess.program(),
            ["check", "--backend", "redis://127.0.0.1:\(port)", "--epoch", Self.epoch, "--jti", jti]
        ).waitForEnd().status
    }

    private func follow(_ arguments: [String] = []) async throws -> DaemonProcess {
        try await source.follow(in: data, arguments)
    }

    @Test func clientsGoOnWithTheDaemon() async throws {
        let old = try source.connect()
        try old.expect("SET revoked.epoch \(Self.epoch)", "+OK")
        try old.expect("SETEX revoked:jti:a 1000 logout", "+OK")
        let daemon = try await follow()
        #expect(try check("b", source.port) == 0)
        #expect(try check("b", daemon.port) == 2)
        let outcome = try run(daemon, ["--pause", "20"])
        #expect(outcome.status == 0, "\(outcome.output)")
        let new = try daemon.connect()
        let epoch = try new.ask("GET revoked.epoch")
        #expect(!epoch.contains("replaces"))
        #expect(try new.ask("GET revoked.accepted").contains(" replaces \(Self.epoch)"))
        #expect(ImportState(of: new)["import_state"] == "ended")
        // The same process as before: it goes on with the daemon, and believes the source no more.
        #expect(try check("a", daemon.port) == 1)
        #expect(try check("b", daemon.port) == 0)
        #expect(try check("b", source.port) == 2)
        try new.expect("SETEX revoked:jti:b 1000 logout", "+OK")
        #expect(try check("b", daemon.port) == 1)
        // The source takes nothing more that its writer could rely on.
        try source.connect().send(WireCommand("SETEX revoked:jti:late 1000 logout").encoded)
        try old.expect("EXISTS revoked:jti:late", ":0")
    }

    /// Who may not administer changes nothing, here or there.
    @Test func whatFailsIsTakenBack() async throws {
        let old = try source.connect()
        try old.expect("SET revoked.epoch \(Self.epoch)", "+OK")
        let daemon = try await follow(["--admin-password", "secret"])
        let outcome = try run(daemon)
        #expect(outcome.status == 2, "\(outcome.output)")
        #expect(outcome.output.contains("Not cut over"))
        try old.expect("GET revoked.epoch", "\"\(Self.epoch)\"")
        try old.expect("SETEX revoked:jti:a 1000 logout", "+OK")
        #expect(try check("b", source.port) == 0)
        try await eventually("it follows still") { try daemon.connect().ask("EXISTS revoked:jti:a") == ":1" }
    }

    @Test func whatDoesNotFollowIsNotCutOver() async throws {
        let daemon = try data.start()
        for (first, second) in [(source.port, daemon.port), (daemon.port, daemon.port), (source.port, source.port)] {
            let outcome = try start(first, second).waitForEnd()
            #expect(outcome.status == 2, "\(outcome.output)")
        }
        try source.connect().expect("SET a 1", "+OK")
    }

    // MARK: Killed

    /// Starts a cut-over, and kills it with its step of this number, which still arrives.
    /// - Returns: whether it had so many.
    private func runAndKill(_ daemon: DaemonProcess, at wanted: Int) throws -> Bool {
        let steps = Steps(wanted)
        let relays = try [source.port, daemon.port].map { try SteppedRelay(to: $0) { steps.next() } }
        let process = try start(relays[0].port, relays[1].port, ["--pause", "20"])
        steps.know(process.identifier)
        return try process.waitForEnd(within: 60).status == SIGKILL
    }

    /// Kills a process with the step of a number.
    private final class Steps: Sendable {
        private let count = Mutex(0)
        private let identifier = Mutex(pid_t?.none)
        private let isKnown = DispatchSemaphore(value: 0)
        private let wanted: Int

        init(_ wanted: Int) { self.wanted = wanted }

        func know(_ identifier: pid_t) {
            self.identifier.withLock { $0 = identifier }
            isKnown.signal()
        }

        func next() {
            let isWanted = count.withLock { count in
                count += 1
                return count == wanted
            }
            guard isWanted else { return }
            isKnown.wait()
            if let identifier = identifier.withLock({ $0 }) { kill(identifier, SIGKILL) }
        }
    }

    /// How many steps lie between two kills, each of which takes seconds: `.ci/long` kills at every one.
    private static let stride = ProcessInfo.processInfo.environment["CUT_OVER_STRIDE"].flatMap { Int($0) } ?? 3

    /// Whatever an operator accepts then: source and daemon are never both believed, and the next attempt ends it.
    @Test func anAttemptThatIsKilledIsGoneOnWith() async throws {
        var wanted = 1
        while true {
            let stage = try CutOverTests()
            let old = try stage.source.connect()
            try old.expect("SET revoked.epoch \(Self.epoch)", "+OK")
            try old.expect("SETEX revoked:jti:a 1000 logout", "+OK")
            let daemon = try await stage.follow()
            guard try stage.runAndKill(daemon, at: wanted) else { break }
            try stage.acceptAndExpectOneAtMost(daemon, wanted)
            let outcome = try stage.run(daemon, ["--pause", "20"])
            #expect(outcome.status == 0, "\(wanted): \(outcome.output)")
            #expect(try stage.check("a", daemon.port) == 1)
            #expect(try stage.check("b", daemon.port) == 0)
            #expect(try stage.check("b", stage.source.port) == 2)
            wanted += max(1, Self.stride)
        }
        #expect(wanted > 12)
    }

    private func acceptAndExpectOneAtMost(_ daemon: DaemonProcess, _ step: Int) throws {
        let held = try source.connect().ask("GET revoked.epoch")
        let accepted = try TestProcess(
            try DaemonProcess.program(), ["accept", "--backend", "redis://127.0.0.1:\(source.port)"]
        ).waitForEnd()
        #expect(accepted.status != 0, "\(step): \(accepted.output)")
        #expect(held.contains("left:") == accepted.output.contains("was left for the daemon"))
        let beliefs = try [source.port, daemon.port].map { try check("b", $0) }
        #expect(beliefs != [0, 0], "\(step)")
        #expect(beliefs.allSatisfy { $0 == 0 || $0 == 2 }, "\(step): \(beliefs)")
    }

    /// Two at once: one of them cuts over, and the other takes nothing back.
    @Test func twoAtOnceCutOverOnce() async throws {
        try source.connect().expect("SET revoked.epoch \(Self.epoch)", "+OK")
        let daemon = try await follow()
        let both = try (0..<2).map { _ in try start(source.port, daemon.port, ["--pause", "20"]) }
        let outcomes = try both.map { try $0.waitForEnd(within: 60) }
        #expect(outcomes.contains { $0.status == 0 || $0.output.contains("run revoked cut-over again") }, "\(outcomes)")
        let again = try run(daemon, ["--pause", "20"])
        // One that marked the source while the other ended the import may have let writes through.
        let isRefused = outcomes.allSatisfy { $0.status != 0 } && again.output.contains("revoked accept --replaces")
        #expect(again.status == (isRefused ? 2 : 0), "\(again.output)")
        #expect(try check("b", daemon.port) == (isRefused ? 2 : 0))
        #expect(try check("b", source.port) == 2)
    }

    /// What was written to the source after an import that nobody has accepted is not passed over.
    @Test func whatWasWrittenMeanwhileIsNotForgotten() async throws {
        let old = try source.connect()
        try old.expect("SET revoked.epoch \(Self.epoch)", "+OK")
        let daemon = try await follow()
        let new = try daemon.connect()
        let identity = try new.ask("GET revoked.epoch").drop { $0 == "\"" }.prefix(36)
        let mark = "left:0123456789abcdef:\(identity) replaces \(Self.epoch)"
        try old.expect(WireCommand(["SET", "revoked.epoch", mark].map { Array($0.utf8) }), "+OK")
        try new.expect("REPLICAOF NO ONE", "+OK")
        try old.expect("SETEX revoked:jti:missing 1000 logout", "+OK")
        let outcome = try run(daemon)
        #expect(outcome.status == 2)
        #expect(outcome.output.contains("revoked accept --replaces \(Self.epoch)"), "\(outcome.output)")
        #expect(try check("b", daemon.port) == 2)
        #expect(try check("b", source.port) == 2)
    }
}
