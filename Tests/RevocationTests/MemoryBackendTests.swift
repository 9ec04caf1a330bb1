import Contract
import Logging
import Synchronization
import Testing

@testable import Revocation

@Suite struct MemoryBackendTests {
    @Test func aTokenIsClearUntilItIsRevoked() async throws {
        let list = try RevocationList("memory:", configuration: configuration())
        #expect(await list.readiness().isReady)
        #expect(await list.verdict(for: token()).isClear)
        #expect(try await list.revoke(token()) == .revoked(secondsToLive: 1_120))
        #expect(await list.verdict(for: token()).reason == "logout")
        #expect(await list.verdict(for: token(identifier: "other")).isClear)
        try await list.revoke(token(), reason: .admin, scopes: [.session])
        #expect(await list.verdict(for: token(identifier: "other")).reason == "admin")
    }

    @Test func aRevocationOnlyGrowsAndEndsInTime() async throws {
        let wall = Mutex<Int64>(1_000_000)
        let elapsed = Mutex<Int64>(0)
        var configuration = configuration()
        configuration.wallClock = { wall.withLock { $0 } }
        let backend = MemoryBackend(configuration: configuration) { elapsed.withLock { $0 } }
        func pass(_ milliseconds: Int64) {
            wall.withLock { $0 += milliseconds }
            elapsed.withLock { $0 += milliseconds }
        }
        func value() async throws -> String? {
            try await backend.lookUp(["revoked:jti:a"])[0].map { String(decoding: $0, as: UTF8.self) }
        }
        try await backend.write([
            RevocationEntry(key: "revoked:jti:a", kind: .token, value: "rotated:1:b", secondsToLive: 10)
        ])
        try await backend.write([
            RevocationEntry(key: "revoked:jti:a", kind: .token, value: "compromised", secondsToLive: 5)
        ])
        try await backend.write([RevocationEntry(key: "revoked:jti:a", kind: .token, value: "logout", secondsToLive: 1)]
        )
        pass(9_999)
        #expect(try await value() == "compromised")
        pass(1)
        #expect(try await value() == nil)
        try await backend.write([
            RevocationEntry(key: "revoked:jti:a", kind: .token, value: "logout", secondsToLive: .max)
        ])
        #expect(try await value() == "logout")
    }

    @Test func aWallClockThatJumpsForgetsNothing() async throws {
        let wall = Mutex<Int64>(1_000_000)
        var configuration = configuration()
        configuration.wallClock = { wall.withLock { $0 } }
        let backend = MemoryBackend(configuration: configuration) { 0 }
        try await backend.write([
            RevocationEntry(key: "revoked:jti:a", kind: .token, value: "logout", secondsToLive: 3_600)
        ])
        wall.withLock { $0 += 86_400_000 }
        #expect(try await backend.lookUp(["revoked:jti:a"])[0] != nil)
    }

    /// What has been told as the time is never told again as an earlier one: a cut-off would spare a log-in.
    @Test func itsTimeNeverGoesBack() async throws {
        let wall = Mutex<Int64>(1_799_999_000_000)
        let elapsed = Mutex<Int64>(0)
        var configuration = configuration()
        configuration.wallClock = { wall.withLock { $0 } }
        let backend = MemoryBackend(configuration: configuration) { elapsed.withLock { $0 } }
        var last = try await backend.timedLookUp([]).time.lowerBound
        for step in [-10_000, -3_600_000, 0, 5_000, -86_400_000] as [Int64] {
            wall.withLock { $0 += step }
            elapsed.withLock { $0 += 100 }
            let time = try await backend.timedLookUp(["revoked:all"]).time.lowerBound
            #expect(time >= last)
            last = time
        }
    }

    @Test func aClosedListKnowsNothing() async throws {
        let list = try RevocationList("memory:", configuration: configuration())
        await list.close()
        #expect(await list.verdict(for: token()).unknownCode == .unreachable)
        let error = await #expect(throws: RevocationError.self) { try await list.revoke(token()) }
        #expect(error?.code == .unreachable)
    }

    @Test func settingsOutOfRangeAreRefused() {
        for change: (inout RevocationConfiguration) -> Void in [
            { $0.commandTimeout = .zero }, { $0.connectTimeout = .seconds(61) }, { $0.epoch = "" },
            { $0.longestRefreshLifetime = .seconds(-1) },
        ] {
            var configuration = RevocationConfiguration()
            change(&configuration)
            let error = #expect(throws: RevocationError.self) {
                try RevocationList("memory:", configuration: configuration)
            }
            #expect(error?.code == .invalidConfiguration)
        }
    }
}
