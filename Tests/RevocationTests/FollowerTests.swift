import Contract
import Replication
import Synchronization
import TestSupport
import Testing

@testable import Revocation

/// Checks that a list answers from its own copy.
@Suite(.timeLimit(.minutes(1))) struct FollowerTests {
    private static let start = FollowedList.start

    private typealias Stage = FollowedList

    @Test func checksAreAnsweredFromTheCopy() async throws {
        let stage = try await Stage { $0.table = [("revoked:jti:gone", "admin"), ("plain", "x")] }
        #expect(await stage.isHeld())
        let asked = stage.store.asked
        #expect(stage.local("a")?.isClear == true && stage.local("gone")?.reason == "admin")
        #expect(await stage.list.verdict(for: token(identifier: "gone")).reason == "admin")
        #expect(await stage.list.verdict(for: token(identifier: "a", session: nil)).isClear)
        // What is revoked is revoked here when the follower has said that it has it.
        stage.store.revoke("revoked:jti:a")
        stage.store.revoke("revoked:sub:alice", "\(Self.start)")
        #expect(await eventually { stage.store.acknowledged == stage.store.state.withLock { $0.end } })
        #expect(await stage.isHeld())
        #expect(stage.local("a")?.reason == "logout")
        #expect(await stage.list.verdict(for: token(subject: "alice")).reason?.contains("cut-off") == true)
        stage.store.write(record("DEL", "revoked:jti:a"))
        #expect(await eventually { stage.local("a")?.isClear == true })
        #expect(stage.store.asked == asked)
        await stage.end()
        #expect(stage.store.count("LEASE", "RELEASE") == 1)
    }

    /// What is forgotten in `KeysOfCheck` would be clear.
    @Test(arguments: Scope.Kind.allCases) func everyScopeIsLookedUpInTheCopy(kind: Scope.Kind) async throws {
        let stage = try await Stage()
        #expect(await stage.isHeld())
        var claims = token(identifier: "name", session: "name", subject: "name")
        (claims.client, claims.key) = ("name", "name")
        #expect(stage.list.localVerdict(for: claims)?.isClear == true)
        stage.store.revoke(
            "revoked:\(kind.word)" + (kind == .all ? "" : ":name"), kind.isCutOff ? "\(Self.start)" : "logout")
        #expect(await eventually { stage.list.localVerdict(for: claims)?.reason != nil })
        await stage.end()
    }

    /// The lease ends by the boot clock.
    @Test func withoutALeaseChecksAreAsked() async throws {
        let stage = try await Stage()
        #expect(await stage.isHeld())
        stage.store.change { $0.isSilent = true }
        stage.now.advance(.milliseconds(300))
        #expect(stage.local("a") == nil)
        let asked = stage.store.asked
        #expect(await stage.list.verdict(for: token(identifier: "a", session: nil)).isClear)
        #expect(stage.store.asked == asked + 1)
        await stage.end()
    }

    /// One of a position that the copy has not reached is not held.
    @Test func aLeaseIsHeldOnceTheCopyHasItsPosition() async throws {
        let stage = try await Stage { $0.lease = 0 }
        #expect(await eventually { stage.store.count("LEASE", "RENEW") > 0 })
        #expect(stage.local("a") == nil && stage.list.answersLocally == false)
        let warning = "checks are asked over the wire: no lease is granted: behind"
        #expect(
            await eventually {
                guard case .ready(let warnings) = await stage.list.readiness() else { return false }
                return warnings == [warning]
            })
        let end = stage.store.state.withLock { $0.end }
        let late = record("SET", "revoked:jti:late", "logout", "PXAT", "\(Self.start + 1_000_000)")
        stage.store.change {
            $0.end += UInt64(late.count)
            $0.lease = 300
        }
        let renewals = stage.store.count("LEASE", "RENEW")
        #expect(await eventually { stage.store.count("LEASE", "RENEW") >= renewals + 3 })
        #expect(stage.local("late") == nil && stage.store.acknowledged == end)
        stage.store.fake.stream(late)
        #expect(await eventually { stage.local("late")?.reason == "logout" })
        await stage.end()
    }

    @Test func aShortAbsenceCostsNoCopy() async throws {
        let stage = try await Stage { $0.table = [("revoked:jti:gone", "admin")] }
        #expect(await stage.isHeld())
        stage.store.fake.dropStreams()
        #expect(await eventually { stage.store.count("PSYNC") == 2 })
        #expect(await stage.isHeld())
        #expect(stage.local("gone")?.reason == "admin")
        let stretch = stage.store.state.withLock { $0.stretch }
        #expect(stage.store.count("PSYNC", "?") == 1 && stage.store.count("PSYNC", stretch, "1001") == 1)
        // A daemon that started again: another stretch, and a whole copy in the place of the old one.
        stage.store.change {
            $0.stretch = String(repeating: "6", count: 40)
            $0.table = [("revoked:jti:other", "logout")]
        }
        stage.store.fake.dropStreams()
        #expect(await eventually { stage.local("other")?.reason == "logout" })
        #expect(stage.local("gone")?.isClear == true)
        await stage.end()
    }

    /// Each stream has a name that nobody else knows.
    @Test func aStreamHasANameOfItsOwn() async throws {
        let stage = try await Stage()
        #expect(await stage.isHeld())
        stage.store.fake.dropStreams()
        #expect(await eventually { stage.store.count("PSYNC") == 2 })
        #expect(await stage.isHeld())
        let names = stage.store.fake.commands.filter { $0.starts(with: ["REPLCONF", "follower"]) }.map { $0[2] }
        #expect(
            Set(names).count == 2 && names.allSatisfy { $0.utf8.count == 32 && UInt64($0.prefix(15), radix: 16) != nil }
        )
        await stage.end()
    }

    @Test func aDamagedCopyIsNotBelieved() async throws {
        let stage = try await Stage { $0.mayDamage = true }
        #expect(await eventually { stage.log.all.contains { $0.contains("given up") } })
        #expect(stage.local("a") == nil && stage.list.answersLocally == false)
        #expect(await stage.list.verdict(for: token(identifier: "a", session: nil)).isClear)
        stage.store.change { $0.mayDamage = false }
        #expect(await stage.isHeld())
        let copies = stage.store.count("PSYNC", "?")
        // So is a stream.
        stage.store.write(Array("garbage\r\n".utf8))
        #expect(await eventually { stage.store.count("PSYNC", "?") == copies + 1 })
        #expect(await stage.isHeld())
        await stage.end()
    }

    @Test func refreshTokensAreAlwaysAsked() async throws {
        let stage = try await Stage()
        #expect(await stage.isHeld())
        #expect(stage.local("a") != nil && stage.local("a", kind: .refresh) == nil)
        await stage.end()
    }

    /// The copy does not have it, and the process knows better.
    @Test func aRevocationThatWasNotAcknowledgedCountsHere() async throws {
        let stage = try await Stage()
        #expect(await stage.isHeld())
        let gone = token(identifier: "gone", session: nil)
        await #expect(throws: RevocationError.self) { try await stage.list.revoke(gone, scopes: [.token]) }
        #expect(stage.list.localVerdict(for: gone)?.reason == "logout")
        #expect(await stage.list.verdict(for: gone).reason == "logout")
        #expect(stage.local("a")?.isClear == true)
        await stage.end()
    }

    /// A clear answer is of the pinned epoch.
    @Test func anotherEpochIsUnknownAsEver() async throws {
        let stage = try await Stage()
        #expect(await stage.isHeld())
        stage.store.change { $0.epoch = "another" }
        #expect(await eventually { stage.local("a") == nil })
        #expect(await stage.list.verdict(for: token(identifier: "a", session: nil)).unknownCode == .epochChanged)
        await stage.end()
    }

    @Test func anEmptiedDenylistIsNotClear() async throws {
        let stage = try await Stage { $0.table = [("revoked:jti:gone", "admin")] }
        #expect(await stage.isHeld())
        // The daemon has another epoch from then on, and grants under it.
        stage.store.change { $0.epoch = "another" }
        stage.store.write(record("FLUSHALL"))
        #expect(await eventually { stage.store.acknowledged == stage.store.state.withLock { $0.end } })
        #expect(stage.local("gone")?.isClear != true)
        await stage.end()
    }

    @Test func aStoreThatCannotBeFollowedIsAsked() async throws {
        let stage = try await Stage { $0.admission = "-NOPERM no\r\n" }
        #expect(await eventually { stage.log.all.contains { $0.contains("answered NOPERM") } })
        #expect(stage.local("a") == nil && stage.store.count("PSYNC") == 0)
        #expect(await stage.list.verdict(for: token(identifier: "a", session: nil)).isClear)
        await stage.end()
    }

    /// The daemon does not hold up writes of keys that it does not guard.
    @Test func keysThatTheDaemonDoesNotGuardAreInNoCopy() async throws {
        let stage = try await Stage(guardedPrefix: "other:")
        #expect(await eventually { stage.store.count("LEASE", "RENEW") > 1 })
        #expect(stage.local("a") == nil)
        #expect(await stage.list.verdict(for: token(identifier: "a", session: nil)).unknownCode == .storeError)
        await stage.end()
    }

    @Test func aCopyThatTakesTooMuchIsGivenUp() async throws {
        let stage = try await Stage(maximumBytes: Follower.leastBytes) {
            $0.table = (0..<60_000).map { ("revoked:jti:some-identifier-\($0)", "logout") }
        }
        #expect(await eventually { stage.log.all.contains { $0.contains("more memory than it may") } })
        #expect(stage.local("a") == nil)
        #expect(await stage.list.verdict(for: token(identifier: "a", session: nil)).isClear)
        await stage.end()
    }

    @Test func localChecksTakeOneServer() throws {
        var settings = RevocationConfiguration()
        settings.checks = .local(maximumBytes: 64 << 20)
        for url in ["memory:", "redis+cluster://127.0.0.1:1", "redis+sentinel://127.0.0.1:1/name"] {
            #expect(throws: RevocationError.self) { try RevocationList(url, configuration: settings) }
        }
        settings.checks = .local(maximumBytes: 1)
        #expect(throws: RevocationError.self) { try RevocationList("redis://127.0.0.1:1", configuration: settings) }
        guard case .server(_, let access) = try StoreURL("redis://127.0.0.1:1?checks=local") else {
            return #expect(Bool(false))
        }
        #expect(access.checks == .localByDefault)
        #expect(throws: RevocationError.self) { try StoreURL("redis://127.0.0.1:1?checks=somewhere") }
    }

    /// As soon as after a lost connection, not as late as after a refusal.
    @Test func aDaemonThatReadsItsLogIsAskedAgainSoon() async throws {
        let stage = try await Stage { $0.admission = "-LOADING the daemon is reading its log\r\n" }
        #expect(await eventually { stage.store.count("REPLCONF", "follower") >= 2 })
        stage.store.change { $0.admission = "+OK\r\n" }
        #expect(await stage.isHeld())
        await stage.end()
    }

    private struct Left: Sendable {
        weak let follower: Follower?
        weak let backend: RedisBackend?
    }

    /// Timers hold the copy, and the copy the backend: no longer than there is a list.
    @Test func aListThatWasNotClosedLeavesNothing() async throws {
        func followed() async throws -> (FollowedStore, Left) {
            let stage = try await Stage()
            #expect(await stage.isHeld())
            return (stage.store, Left(follower: stage.list.follower, backend: stage.list.backend as? RedisBackend))
        }
        let (store, left) = try await followed()
        #expect(await eventually { left.follower == nil && left.backend == nil })
        #expect(store.count("LEASE", "RELEASE") == 1)
        await store.stop()
    }

    private final class End: Sendable {
        let isReached = Atomic(false)
    }

    @Test func whatIsReadWhileItIsWrittenIsOneThing() async throws {
        let published = PublishedLease()
        let end = End()
        await withTaskGroup { group in
            group.addTask {
                for number in 1...200_000 as ClosedRange<UInt64> {
                    let (word, time) = (UInt64(number), Int64(number))
                    published.publish(
                        .init(
                            lease: .init(generation: word, until: time), guardedOffset: time, storeOffset: time,
                            lead: time..<time + 1, leadUntil: time, epoch: EpochWords(word, word, word, word, word)))
                }
                end.isReached.store(true, ordering: .relaxed)
            }
            group.addTask {
                var seen = 0
                // Once more behind the last: on a busy machine the writer may have ended before this begins.
                var isLast = false
                while !isLast {
                    isLast = end.isReached.load(ordering: .relaxed)
                    guard let terms = published.read() else { continue }
                    let time = terms.lease.until
                    let isOne =
                        terms.lease.generation == UInt64(time) && terms.guardedOffset == time
                        && terms.leadUntil == time && terms.storeOffset == time && terms.lead == time..<time + 1
                        && terms.epoch
                            == EpochWords(UInt64(time), UInt64(time), UInt64(time), UInt64(time), UInt64(time))
                    if !isOne { Issue.record("torn at \(time)") }
                    seen += 1
                }
                #expect(seen > 0)
            }
        }
    }
}
