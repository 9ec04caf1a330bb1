/// How `revoked-lab load wire` puts load on a server.
package struct WireConfiguration: Sendable {
    /// What a check asks.
    package enum Check: String, CaseIterable, Sendable {
        /// `EXISTS` of the token's key.
        case exists
        /// `MGET` of the token's, its session's and its subject's key and of the epoch.
        case full
    }

    /// Keys are kept for at least so long after a run of a known length, in seconds.
    static let margin = 600

    /// `redis://[user:password@]host:port[/database]`.
    package var url: String
    /// Another server, which takes turns with the first.
    package var compared: String?
    /// How often each of them takes its turn.
    package var alternations = 3
    /// Requests per second of an open loop; nil for a closed one.
    package var rate: Double?
    package var connections = 50
    /// Requests that a connection sends at once; in an open loop at most so many.
    package var inFlight = 1
    package var threads = 1
    package var check = Check.exists
    /// How many of a hundred requests revoke.
    package var revokePercent = 5
    /// How many of a hundred checks ask for a token that is revoked.
    package var hitPercent = 50
    /// Revoked tokens that the server holds meanwhile.
    package var keys = 100_000
    /// How long a run is.
    package var duration: Duration = .seconds(10)
    /// How many requests a run has instead.
    package var count: Int?
    /// What is not counted before.
    package var warmUp: Duration = .milliseconds(200)
    /// For how long the server keeps what is written, in seconds; nil for an hour, or longer if the runs are.
    package var lifetime: Int?
    /// Whether the keys are left there.
    package var keepsKeys = false
    /// Files for the report.
    package var json: String?
    package var html: String?

    package init(url: String) { self.url = url }

    /// For how long keys are kept, in seconds.
    var keyLifetime: Int {
        let turns = compared == nil ? 1 : 2 * alternations
        let runs = count == nil ? turns * Int((duration + warmUp).components.seconds + 1) : 0
        return lifetime ?? max(3600, runs + Self.margin)
    }

    /// The requests and the share of each in a hundred.
    func mix(in dialect: Dialect, named prefix: String) -> [(template: RequestTemplate, percent: Int)] {
        let hits = ((100 - revokePercent) * hitPercent + 50) / 100
        let operations: [(Operation, Int)] = [
            (.setex, revokePercent), (check == .exists ? .existsHit : .check, hits),
            (check == .exists ? .existsMiss : .checkMiss, 100 - revokePercent - hits),
        ]
        return operations.filter { $0.1 > 0 }.map { operation, percent in
            var template = dialect.template(operation, lifetime: keyLifetime)!
            template.name = prefix + template.name
            return (template, percent)
        }
    }
}
