import Contract
import Logging
import Revocation
import Synchronization

/// Asks a condition again and again until it holds.
/// - Returns: false if it does not within the time.
func eventually(within limit: Duration = .seconds(10), _ condition: () async throws -> Bool) async rethrows -> Bool {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return false
}

/// A token whose claims would be noticed in a message.
func token(
    identifier: String? = "secret-jti", session: String? = "secret-sid", subject: String? = nil,
    expiresAt: Int64? = 1_800_000_000_000
) -> TokenClaims {
    TokenClaims(
        issuer: "https://issuer.example", subject: subject, session: session, identifier: identifier,
        issuedAt: expiresAt.map { $0 - 2_000_000 } ?? 1_799_998_000_000, expiresAt: expiresAt)
}

/// Quick to give up, at a time of its own.
func configuration(
    commandTimeout: Duration = .seconds(5), now: Int64 = 1_799_999_000_000
) -> RevocationConfiguration {
    var configuration = RevocationConfiguration()
    configuration.commandTimeout = commandTimeout
    configuration.connectTimeout = .seconds(5)
    configuration.wallClock = { now }
    configuration.issuerLead = .zero
    return configuration
}

/// Both clocks go by a time that the test sets, in Unix milliseconds, and so does that of `memory:`.
func configuration(time: @escaping @Sendable () -> Int64) -> RevocationConfiguration {
    var configuration = configuration()
    let first = time()
    // Later than any instant that the boot clock is reckoned from: whole milliseconds are rounded towards that.
    let start = ContinuousClock.now + .seconds(60)
    configuration.wallClock = time
    configuration.bootClock = { start + .milliseconds(time() - first) }
    return configuration
}

/// For a store with a clock of its own: one by the machine's.
func liveConfiguration() -> RevocationConfiguration {
    var live = configuration()
    live.wallClock = RevocationConfiguration().wallClock
    return live
}

/// For a store with a clock of its own: a token that lives for 1,000 s from now, give or take.
func liveToken(
    identifier: String? = "secret-jti", session: String? = "secret-sid", subject: String? = nil, seconds: Int64 = 1_000
) -> TokenClaims {
    token(
        identifier: identifier, session: session, subject: subject,
        expiresAt: RevocationConfiguration().wallClock() + seconds * 1_000)
}

extension Acknowledgement {
    /// Whether the revocation is kept for so long, give or take 30 s that a test may have taken.
    func keeps(for seconds: Int64) -> Bool {
        if case .revoked(let kept) = outcome { (seconds - 30...seconds + 1).contains(kept) } else { false }
    }
}

extension Verdict {
    var isClear: Bool { if case .clear = self { true } else { false } }

    var reason: String? { if case .revoked(let reason) = self { reason.text } else { nil } }

    var unknownCode: UnknownCause.Code? { if case .unknown(let cause) = self { cause.code } else { nil } }
}

extension Admission {
    var grounds: Grounds? { if case .admitted(let grounds) = self { grounds } else { nil } }
}

extension Readiness {
    var isReady: Bool { if case .ready = self { true } else { false } }

    var warnings: [String]? { if case .ready(let warnings) = self { warnings } else { nil } }

    var code: UnknownCause.Code? { if case .notReady(let cause) = self { cause.code } else { nil } }
}

/// What was logged.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(lines: self) }
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var logLevel = Logger.Level.trace
        var metadata = Logger.Metadata()

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
        }
    }
}
