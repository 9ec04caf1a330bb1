import Contract
import Metrics

/// What is counted (swift-metrics), each under a label that begins with `revoked_client_`:
///
/// | label | dimensions | what |
/// |---|---|---|
/// | `checks_total` | `outcome`: `clear`, `revoked`, or the cause of an unknown verdict | verdicts |
/// | `check_duration` | | from the question to the verdict |
/// | `admissions_total` | `grounds`: `proven`, `last_known`, `copied`, `allowed`, `revoked`, `refused` | what a failure policy made of them |
/// | `writes_total` | `outcome`: `acknowledged`, or the error's code | calls that revoke or restore |
/// | `revocations_total` | `scope`; `reason`: `logout`, `compromised`, `admin`, `other`, `none` for a cut-off | revocations acknowledged |
/// | `rotations_total` | `outcome`: `rotated`, `repeated`, `reused`, `revoked`, `unknown` | refresh tokens presented |
struct RevocationMetrics: Sendable {
    private let factory: any MetricsFactory
    /// Whether a metrics backend is installed.
    let areEnabled: Bool
    private let clear: Counter
    private let revoked: Counter
    private let unknown: [UnknownCause.Code: Counter]
    private let duration: Timer
    /// By grounds. Made once: a backend looks each new counter up by its text.
    private let admissions: [String: Counter]

    init(_ factory: any MetricsFactory = MetricsSystem.factory) {
        self.factory = factory
        areEnabled = !(factory is NOOPMetricsHandler)
        func counter(_ outcome: String) -> Counter {
            Counter(label: Self.prefix + "checks_total", dimensions: [("outcome", outcome)], factory: factory)
        }
        let grounds = Admission.Grounds.allCases.map(\.rawValue) + ["revoked", "refused"]
        admissions = Dictionary(
            uniqueKeysWithValues: grounds.map {
                ($0, Counter(label: Self.prefix + "admissions_total", dimensions: [("grounds", $0)], factory: factory))
            })
        clear = counter("clear")
        revoked = counter("revoked")
        unknown = Dictionary(uniqueKeysWithValues: UnknownCause.Code.allCases.map { ($0, counter($0.rawValue)) })
        duration = Timer(label: Self.prefix + "check_duration", dimensions: [], factory: factory)
    }

    func checked(_ verdict: Verdict, took duration: Duration) {
        switch verdict {
        case .clear: clear.increment()
        case .revoked: revoked.increment()
        case .unknown(let cause): unknown[cause.code]?.increment()
        }
        self.duration.record(duration: duration)
    }

    func admitted(_ admission: Admission) {
        let grounds =
            switch admission {
            case .admitted(let grounds): grounds.rawValue
            case .revoked: "revoked"
            case .refused: "refused"
            }
        admissions[grounds]?.increment()
    }

    func wrote(_ error: RevocationError?) {
        count("writes_total", "outcome", error?.code.rawValue ?? "acknowledged")
    }

    /// - Parameter reason: any text. A label takes only a few values.
    func revoked(_ scopes: [Scope.Kind], _ reason: Reason) {
        guard areEnabled else { return }
        let known: Set<Reason> = [.logout, .compromised, .admin]
        let word = known.contains(reason) ? reason.text : "other"
        for scope in scopes {
            Counter(
                label: Self.prefix + "revocations_total",
                dimensions: [("scope", "\(scope)"), ("reason", scope.isCutOff ? "none" : word)], factory: factory
            ).increment()
        }
    }

    func rotated(_ outcome: RotationOutcome) {
        let word =
            switch outcome {
            case .rotated: "rotated"
            case .repeated: "repeated"
            case .reused: "reused"
            case .revoked: "revoked"
            case .unknown: "unknown"
            }
        count("rotations_total", "outcome", word)
    }

    private static let prefix = "revoked_client_"

    private func count(_ label: String, _ dimension: String, _ value: String) {
        guard areEnabled else { return }
        Counter(label: Self.prefix + label, dimensions: [(dimension, value)], factory: factory).increment()
    }
}
