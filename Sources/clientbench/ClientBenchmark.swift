import CYardstick
import Contract
import Foundation
import Revocation

/// Checks and revocations by 1, 64 and 512 tasks on one client.
struct ClientBenchmark {
    private enum Operation: String, CaseIterable {
        /// A token with nothing but a `jti`: three keys, the epoch's and that of all among them.
        case token
        /// `jti`, `sid` and `sub`: five keys.
        case threeScopes = "3 scopes"
        case revoke

        func claims(_ number: Int, _ now: Int64) -> TokenClaims {
            var claims = TokenClaims(
                issuer: "i", identifier: "00000000-0000-4000-8000-\(number)", issuedAt: now, expiresAt: now + 600_000)
            if self == .threeScopes {
                claims.session = "session-\(number)"
                claims.subject = "subject-\(number)"
            }
            return claims
        }
    }

    private struct Figures {
        let perSecond: Double
        /// Processor time of the whole process.
        let nanoseconds: Double
    }

    let url: String
    let duration: Duration

    func run() async throws {
        guard let address = url.split(separator: "/").last?.split(separator: "@").last,
            let colon = address.lastIndex(of: ":"), let port = Int32(address[address.index(after: colon)...])
        else { return print("a URL redis://host:port is needed") }
        let host = String(address[..<colon])
        print("operation   tasks  mode                per second   CPU ns each   of the yardstick")
        for operation in Operation.allCases {
            let keys: Int32 = operation == .threeScopes ? 5 : 3
            let yardstick =
                operation == .revoke
                ? nil : yardstick_mget(host, port, "revoked:jti:00000000-0000-4000-8000-", keys, 64, 4_000)
            if let yardstick {
                line(operation, 64, "C, 64 in flight", Figures(perSecond: 0, nanoseconds: yardstick), nil)
            }
            for tasks in [1, 64, 512] {
                for mode in Mode.allCases {
                    line(operation, tasks, mode.rawValue, try await measure(operation, tasks, mode), yardstick)
                }
            }
        }
    }

    private enum Mode: String, CaseIterable {
        case usual = "as it is"
        /// The tasks run where the connection does.
        case own = "own executor"
        /// What a client without auto-pipelining does.
        case flushing = "flush per command"
    }

    private func measure(_ operation: Operation, _ tasks: Int, _ mode: Mode) async throws -> Figures {
        var configuration = RevocationConfiguration()
        configuration.flushesEachCommand = mode == .flushing
        let list = try RevocationList(url, configuration: configuration)
        guard case .clear = await list.verdict(for: Operation.token.claims(-1, configuration.wallClock())) else {
            throw RevocationError(.epochMissing, "the store is not ready: run revoked init")
        }
        _ = try await run(operation, tasks, mode, list, .milliseconds(200))
        let figures = try await run(operation, tasks, mode, list, duration)
        await list.close()
        return figures
    }

    private func run(
        _ operation: Operation, _ tasks: Int, _ mode: Mode, _ list: RevocationList, _ duration: Duration
    ) async throws -> Figures {
        let executor = mode == .own ? list.executor : nil
        let start = ContinuousClock.now
        let processorStart = Self.processorNanoseconds()
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<tasks {
                group.addTask(executorPreference: executor) {
                    var count = 0
                    while ContinuousClock.now - start < duration {
                        for _ in 0..<16 {
                            count += 1
                            let claims = operation.claims(task * 1_000_000 + count, 1_900_000_000_000)
                            if operation == .revoke {
                                try await list.revoke(claims)
                            } else {
                                _ = await list.verdict(for: claims)
                            }
                        }
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        return Figures(
            perSecond: Double(count) / elapsed,
            nanoseconds: (Self.processorNanoseconds() - processorStart) / Double(count))
    }

    private func line(
        _ operation: Operation, _ tasks: Int, _ mode: String, _ figures: Figures, _ yardstick: Double?
    ) {
        func padded(_ text: String, _ width: Int) -> String {
            text.padding(toLength: width, withPad: " ", startingAt: 0)
        }
        let ratio = yardstick.map { String(format: "%.2f", figures.nanoseconds / $0) } ?? ""
        print(
            padded(operation.rawValue, 11), padded("\(tasks)", 6), padded(mode, 19),
            padded(String(format: "%.0f", figures.perSecond), 12),
            padded(String(format: "%.0f", figures.nanoseconds), 13),
            ratio)
    }

    private static func processorNanoseconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func nanoseconds(_ time: timeval) -> Double { Double(time.tv_sec) * 1e9 + Double(time.tv_usec) * 1e3 }
        return nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime)
    }
}
