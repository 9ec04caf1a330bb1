import Contract
import Synchronization
import TestSupport
import Testing

@testable import Revocation

/// What a list admits from its copy when it has lost its daemon.
@Suite(.timeLimit(.minutes(1))) struct CopyPolicyTests {
    private static let start: Int64 = 1_799_999_000_000
    private static let minute = FailurePolicy.copy(noOlderThan: .seconds(60))

    /// A list that follows a store with one revoked token, at a time of the test's: renewals take none.
    private final class Stage: Sendable {
        let now = TestClock(wall: CopyPolicyTests.start)
        let wall = TestClock(wall: 0)
        let log = LogLines()
        let store: FollowedStore
        let list: RevocationList

        init(lease: Int64 = 300, checks: RevocationConfiguration.Checks = .local(maximumBytes: 64 << 20)) async throws {
            let clock: @Sendable () -> Int64 = { [now] in now.wall }
            store = try await FollowedStore(time: clock)
            store.change {
                $0.table = [("revoked:jti:gone", "admin")]
                $0.lease = lease
            }
            var settings = configuration(time: clock)
            settings.wallClock = { [now, wall] in now.wall + wall.wall }
            settings.checks = checks
            settings.revokedAnswerLifetime = .zero
            list = try RevocationList(store.url, configuration: settings, logger: log.logger)
            #expect(await list.verdict(for: token(session: nil)).isClear)
        }

        /// The copy is complete, as of now.
        func follow() async { #expect(await eventually { list.answersLocally == true }) }

        /// The daemon is gone, and its lease has run out a second ago.
        func loseDaemon() async {
            await store.stop()
            now.advance(.seconds(1))
            #expect(await eventually { await admission("a", .deny) == "unreachable" })
        }

        func end() async { await list.close() }

        func admission(
            _ identifier: String, _ policy: FailurePolicy = CopyPolicyTests.minute, kind: TokenClaims.Kind = .access
        ) async -> String {
            var claims = token(identifier: identifier, session: nil)
            claims.kind = kind
            return switch await list.admission(of: claims, policy: policy) {
            case .admitted(let grounds): grounds.rawValue
            case .revoked(let reason): reason.text
            case .refused(let cause): cause.code.rawValue
            }
        }
    }

    @Test func aCopyAnswersForAsLongAsItWasAskedTo() async throws {
        let stage = try await Stage()
        await stage.follow()
        #expect(await stage.admission("a") == "proven")
        await stage.loseDaemon()
        #expect(await stage.admission("a") == "copied")
        #expect(await stage.admission("gone") == "admin")
        #expect(stage.log.all.contains { $0.contains("tokens are checked in a copy that is not fed") })
        // Only who asks for it, and never for a refresh token.
        #expect(await stage.admission("a", .deny) == "unreachable")
        #expect(await stage.admission("a", .lastKnown(for: .seconds(60))) == "unreachable")
        #expect(await stage.admission("a", kind: .refresh) == "unreachable")
        #expect(await !stage.list.verdict(for: token(identifier: "a", session: nil)).isClear)
        stage.now.advance(.seconds(59))
        #expect(await stage.admission("a") == "copied")
        stage.now.advance(.milliseconds(1))
        #expect(await stage.admission("a") == "unreachable")
        #expect(await stage.admission("a", .copy(noOlderThan: .seconds(61))) == "copied")
        await stage.end()
    }

    /// What the copy says is revoked is so under every policy, however old it is, when the daemon cannot be asked.
    @Test(arguments: [.deny, .allow, .lastKnown(for: .seconds(86_400)), minute])
    func whatTheCopyKnowsIsRefused(policy: FailurePolicy) async throws {
        let stage = try await Stage()
        await stage.follow()
        #expect(await stage.admission("gone", policy) == "admin")
        await stage.loseDaemon()
        #expect(await stage.admission("gone", policy) == "admin")
        stage.now.advance(.seconds(600))
        #expect(await stage.admission("gone", policy) == "admin")
        #expect(await stage.list.verdict(for: token(identifier: "gone", session: nil)).reason == "admin")
        #expect(await stage.admission("b", policy) == (policy == .allow ? "allowed" : "unreachable"))
        // It is kept for 1,000 s, by a clock that may be slow by a fifth.
        stage.now.advance(.seconds(700))
        #expect(await stage.admission("gone", policy) == (policy == .allow ? "allowed" : "unreachable"))
        await stage.end()
    }

    /// The daemon knows better while it answers: a revocation may have been undone that the copy does not know of.
    @Test func aDaemonThatAnswersIsBelieved() async throws {
        let stage = try await Stage()
        await stage.follow()
        stage.store.change { $0.isSilent = true }
        stage.now.advance(.seconds(1))
        // This one answers that it has none.
        #expect(await stage.admission("gone") == "proven")
        // Nor is the copy of another denylist believed.
        stage.store.change { $0.epoch = "another" }
        #expect(await stage.admission("gone", .allow) == "admin")
        stage.store.write(record("FLUSHALL"))
        #expect(await eventually { stage.store.acknowledged == stage.store.state.withLock { $0.end } })
        #expect(await stage.admission("gone", .deny) == "epochChanged")
        await stage.end()
    }

    /// A revocation counts that nobody has acknowledged, also when it is forgotten what it said.
    @Test func whatThisProcessRevokedIsRefused() async throws {
        let stage = try await Stage()
        await stage.follow()
        await stage.loseDaemon()
        await #expect(throws: RevocationError.self) {
            try await stage.list.revoke(token(identifier: "a", session: nil))
        }
        let day = FailurePolicy.copy(noOlderThan: .seconds(86_400))
        // An attempt has no reason yet.
        #expect(await stage.admission("a", day) == "")
        #expect(await stage.admission("b", day) == "copied")
        stage.now.advance(AnswerCache.attemptLifetime)
        #expect(await stage.admission("a", day) == "unreachable")
        #expect(await stage.admission("b", day) == "copied")
        await stage.end()
    }

    /// Without a renewal that the copy has reached, nothing is known of when it was complete.
    @Test func onlyARenewalProvesACopy() async throws {
        let never = try await Stage(lease: 0)
        #expect(await eventually { never.store.count("LEASE", "RENEW") > 0 })
        await never.loseDaemon()
        #expect(await never.admission("a") == "unreachable")
        await never.end()
        let asked = try await Stage(checks: .asked)
        await asked.loseDaemon()
        #expect(await asked.admission("a") == "unreachable")
        await asked.end()
        // A copy that was made anew has proved nothing yet.
        let anew = try await Stage()
        await anew.follow()
        anew.store.change { ($0.resumes, $0.lease) = (false, 0) }
        anew.store.fake.dropStreams()
        #expect(await eventually { anew.store.count("PSYNC") == 2 })
        let renewals = anew.store.count("LEASE", "RENEW")
        #expect(await eventually { anew.store.count("LEASE", "RENEW") > renewals })
        await anew.loseDaemon()
        #expect(await anew.admission("a") == "unreachable")
        await anew.end()
    }

    /// The guarded time of a daemon stands still while its machine is off, and the copy's boot clock goes on: what is
    /// revoked afterwards seems to have expired.
    @Test func aRevocationOfADaemonThatWasOffCounts() async throws {
        let stage = try await Stage()
        await stage.follow()
        stage.now.advance(.seconds(3_600))
        stage.store.change {
            $0.continued = $0.stretch
            ($0.stretch, $0.lease) = (String(repeating: "6", count: 40), 0)
        }
        stage.store.fake.dropStreams()
        #expect(await eventually { stage.store.count("PSYNC") == 2 })
        let expiry = stage.now.wall - 3_600_000 + 900_000
        stage.store.write(record("SET", "revoked:jti:late", "logout", "PXAT", "\(expiry)"))
        #expect(await eventually { stage.store.acknowledged == stage.store.state.withLock { $0.end } })
        await stage.loseDaemon()
        let policy = FailurePolicy.copy(noOlderThan: .seconds(7_200))
        #expect(await stage.admission("late", policy) == "logout")
        #expect(await stage.admission("a", policy) == "copied")
        await stage.end()
    }

    /// A store that answers with another epoch is not away, nor is one whose clock this machine contradicts believed.
    @Test func anotherEpochAndAWrongClockAreNoAbsence() async throws {
        let stage = try await Stage()
        await stage.follow()
        stage.store.change { ($0.epoch, $0.isSilent) = ("another", true) }
        stage.now.advance(.seconds(1))
        #expect(await stage.admission("a") == "epochChanged")
        stage.store.change { $0.epoch = "epoch" }
        await stage.loseDaemon()
        #expect(await stage.admission("a") == "copied")
        stage.wall.setWall(by: .seconds(60))
        #expect(await stage.admission("a") == "unreachable")
        #expect(await stage.admission("gone") == "admin")
        await stage.end()
    }
}
