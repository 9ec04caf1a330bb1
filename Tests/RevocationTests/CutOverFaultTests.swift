import Contract
import Synchronization
import Testing

@testable import Revocation

/// A cut-over whose servers fail, restart or answer late in the middle of it.
@Suite(.timeLimit(.minutes(1))) struct CutOverFaultTests {
    private struct State: Sendable {
        /// Of the source.
        var epoch: String? = "old"
        var isPaused = false
        /// Its stretch of history, another one after a restart.
        var stretch = "r"
        var sourceOffset = 100
        /// What else happens when the source's epoch is read.
        var atRead: (@Sendable (inout State) -> Void)?
        /// What else happens when the source is paused.
        var atPause: (@Sendable (inout State) -> Void)?
        /// Unix milliseconds on the daemon's clock.
        var daemonTime: Int64 = 2_000
        var importState = "following"
        /// How far the daemon is.
        var offset = 100
        var answersEnd = true
        /// What else happens when the import is to end.
        var atEnd: (@Sendable (inout State) -> Void)?
        var accepted: [String] = []
        /// On the clock of the cut-over.
        var elapsed = Duration.zero
    }

    /// A stock server, and the daemon that imports it.
    private final class Stage: Sendable {
        let state = Mutex(State())
        let source: FakeStore
        let daemon: FakeStore

        init(_ change: (inout State) -> Void = { _ in }) async throws {
            state.withLock { change(&$0) }
            source = try await FakeStore { _ in .nothing }
            daemon = try await FakeStore { _ in .nothing }
            source.answer { [weak self] command in
                guard let self else { return .nothing }
                return .bytes(state.withLock { Self.sourceAnswer(command, &$0) })
            }
            daemon.answer { [weak self] command in self?.state.withLock { Self.daemonAnswer(command, &$0) } ?? .nothing
            }
        }

        private static func sourceAnswer(_ command: [String], _ state: inout State) -> String {
            switch command.first {
            case "INFO":
                return bulk(
                    "role:master\r\nmaxmemory_policy:noeviction\r\nmaster_replid:\(state.stretch)\r\n"
                        + "master_repl_offset:\(state.sourceOffset)\r\n")
            case "TIME": return time(1_000)
            case "GET":
                defer { state.atRead?(&state) }
                return state.epoch.map(bulk) ?? "$-1\r\n"
            case "EVAL":
                guard state.epoch == command[4] else { return ":0\r\n" }
                state.epoch = command[5]
                return ":1\r\n"
            case "SET": state.epoch = command[2]
            case "CLIENT" where command[1] == "PAUSE":
                state.isPaused = true
                state.atPause?(&state)
            case "CLIENT" where command[1] == "UNPAUSE": state.isPaused = false
            default: break
            }
            return "+OK\r\n"
        }

        private static func daemonAnswer(_ command: [String], _ state: inout State) -> FakeStore.Answer {
            switch command.first {
            case "INFO":
                return .bytes(
                    bulk(
                        "server_name:revoked\r\nimport_state:\(state.importState)\r\nimport_replid:r\r\n"
                            + "import_offset:\(state.offset)\r\n"))
            case "TIME": return .bytes(time(state.daemonTime))
            case "GET": return .bytes(bulk("new"))
            case "REPLICAOF":
                state.atEnd?(&state)
                guard state.answersEnd else { return .last("") }
                state.importState = "ended"
            case "SET": state.accepted.append(command[2])
            default: break
            }
            return .bytes("+OK\r\n")
        }

        /// - Parameter error: part of what it says; nil if it succeeds.
        func run(error: String?, sourceLocation: SourceLocation = #_sourceLocation) async throws {
            let start = ContinuousClock.now
            let cutOver = try CutOver(
                from: source.url, RevocationConfiguration(), to: daemon.url, RevocationConfiguration(),
                logger: LogLines().logger
            ) { [self] in start + state.withLock { $0.elapsed } }
            var message = ""
            do throws(RevocationError) {
                _ = try await cutOver.run(pause: .seconds(20), patience: .zero)
            } catch {
                message = error.message
            }
            #expect(error.map(message.contains) ?? message.isEmpty, "\(message)", sourceLocation: sourceLocation)
            await cutOver.close()
            await source.stop()
            await daemon.stop()
        }

        var end: State { state.withLock { $0 } }

        /// What the source's epoch has replaced: no client believes it then.
        var replaced: String? {
            let held = end.epoch.flatMap { Epoch.Identity(Array($0.utf8)) }
            return held?.replaced.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test func clientsAreSentToTheDaemon() async throws {
        let stage = try await Stage()
        try await stage.run(error: nil)
        #expect(stage.replaced == "old" && stage.end.accepted == ["new replaces old"])
        #expect(stage.end.isPaused && stage.end.importState == "ended")
    }

    @Test func whatFailsIsTakenBack() async throws {
        let stage = try await Stage { $0.offset = 99 }
        try await stage.run(error: "the daemon has not come as far as the source")
        #expect(stage.end.epoch == "old" && !stage.end.isPaused && stage.end.importState == "following")
    }

    /// It would be believed again, without the revocations that it has lost.
    @Test(arguments: [nil, "fresh"]) func aSourceThatLostItsMemoryGetsNoEpochBack(epoch: String?) async throws {
        let stage = try await Stage {
            $0.offset = 99
            $0.atPause = { $0.epoch = epoch }
        }
        try await stage.run(error: "the source has another epoch meanwhile")
        #expect(stage.end.epoch == epoch)
    }

    /// The epoch was read a moment ago.
    @Test func aSourceThatLosesItsMemoryIsNotMarked() async throws {
        let stage = try await Stage { $0.atRead = { $0.epoch = nil } }
        try await stage.run(error: "the source's epoch has changed just now")
        #expect(!stage.source.commands.contains { $0.starts(with: ["CLIENT", "PAUSE"]) })
        #expect(stage.end.epoch == nil && stage.end.importState == "following")
    }

    /// The daemon may have ended the import, or may do so yet: the source must not take writes again.
    @Test func anImportThatMayEndYetIsNotTakenBack() async throws {
        let stage = try await Stage { $0.answersEnd = false }
        try await stage.run(error: "whether the import has ended is not known")
        #expect(stage.replaced == "old" && stage.end.isPaused && stage.end.accepted == [])
    }

    @Test func aPauseThatIsNearlyOverIsNotUsed() async throws {
        let stage = try await Stage { $0.atPause = { $0.elapsed = .seconds(15) } }
        try await stage.run(error: "the pause of the source is nearly over")
        #expect(stage.end.epoch == "old" && !stage.end.isPaused && stage.end.importState == "following")
    }

    /// The source has taken writes in between, which nobody has.
    @Test func anImportThatEndsAfterThePauseIsNoSuccess() async throws {
        let stage = try await Stage { $0.atEnd = { $0.elapsed = .seconds(20) } }
        try await stage.run(error: "after the source's pause was over")
        #expect(stage.replaced == "old" && stage.end.accepted == [])
    }

    private static let secondMark = "left:0123456789abcdef:new replaces old"

    /// Each may happen in the seconds that the end takes.
    @Test(arguments: ["writes", "mark", "no mark", "restart"])
    func aSourceThatWasNotStillAtTheEndIsNotAccepted(event: String) async throws {
        let stage = try await Stage {
            $0.atEnd = { state in
                switch event {
                case "writes": state.sourceOffset = 200
                case "mark": state.epoch = Self.secondMark
                case "no mark": state.epoch = "old"
                default: state.stretch = "s"
                }
            }
        }
        try await stage.run(error: "revoked accept --replaces old")
        #expect(stage.end.accepted == [] && stage.end.importState == "ended" && stage.end.isPaused)
    }

    @Test func aSourceWithoutAnEpochThatWasNotStillIsNotAccepted() async throws {
        let stage = try await Stage {
            $0.epoch = nil
            $0.atEnd = { $0.sourceOffset = 200 }
        }
        try await stage.run(error: "then run revoked accept")
        #expect(stage.end.accepted == [] && stage.end.importState == "ended")
    }

    /// After an attempt that was killed. A `PING` to replicas, of 14 bytes, is no write.
    @Test(arguments: [100, 114, 113, 115, 128, 200])
    func anEndIsCompletedIfNothingWasWrittenSince(offset: Int) async throws {
        let stage = try await Stage {
            ($0.epoch, $0.importState, $0.sourceOffset) = (Self.secondMark, "ended", offset)
        }
        let isStill = [100, 114].contains(offset)
        try await stage.run(error: isStill ? nil : "revoked accept --replaces old")
        #expect(stage.end.accepted == (isStill ? ["new replaces old"] : []) && stage.end.isPaused)
    }

    /// Log-ins that were given the source's time would not be covered by the next cut-off of the daemon.
    @Test(arguments: [false, true]) func aClockBehindTheSourceIsNotAccepted(hasEndedBefore: Bool) async throws {
        let stage = try await Stage {
            if hasEndedBefore {
                ($0.epoch, $0.importState, $0.daemonTime) = (Self.secondMark, "ended", 1_000)
            } else {
                $0.atEnd = { $0.daemonTime = 1_000 }
            }
        }
        try await stage.run(error: "the daemon's clock is behind the source's")
        #expect(stage.end.accepted == [] && stage.end.importState == "ended")
    }

    /// Another attempt begins when the epoch is read: its mark and its pause stay.
    @Test(arguments: ["old", "left:fedcba9876543210:new replaces old"])
    func anotherAttemptIsNotMarkedOver(epoch: String) async throws {
        let stage = try await Stage {
            $0.epoch = epoch
            $0.atRead = { ($0.epoch, $0.isPaused) = (Self.secondMark, true) }
        }
        try await stage.run(error: "the source's epoch has changed just now")
        #expect(stage.end.epoch == Self.secondMark && stage.end.isPaused)
        #expect(stage.end.accepted == [] && stage.end.importState == "following")
        #expect(!stage.source.commands.contains { $0.starts(with: ["CLIENT", "UNPAUSE"]) })
    }

    @Test func anEndWithoutAnEpochNamesTheAcceptance() async throws {
        let stage = try await Stage { ($0.epoch, $0.importState) = (nil, "ended") }
        try await stage.run(error: "then run revoked accept")
        #expect(stage.end.accepted == [])
    }
}
