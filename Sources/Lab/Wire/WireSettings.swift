/// How `revoked load wire` puts load on a server.
public struct WireSettings: Sendable {
    /// What a check asks.
    public enum Check: String, CaseIterable, Sendable {
        /// `EXISTS` of the token's key.
        case exists
        /// `MGET` of the token's, its session's and its subject's key and of the epoch.
        case full
    }

    /// Keys are kept for at least so long after a run of a known length, in seconds.
    static let margin = 600

    /// `redis://[user:password@]host:port[/database]`.
    public var url: String
    /// Another server, which takes turns with the first.
    public var compared: String?
    /// How often each of them takes its turn.
    public var alternations = 3
    /// Requests per second of an open loop; nil for a closed one.
    public var rate: Double?
    public var connections = 50
    /// Requests that a connection sends at once; in an open loop at most so many.
    public var inFlight = 1
    public var threads = 1
    public var check = Check.exists
    /// How many of a hundred requests revoke.
    public var revokePercent = 5
    /// How many of a hundred checks ask for a token that is revoked.
    public var hitPercent = 50
    /// Revoked tokens that the server holds meanwhile.
    public var keys = 100_000
    /// How long a run is.
    public var duration: Duration = .seconds(10)
    /// How many requests a run has instead.
    public var count: Int?
    /// What is not counted before.
    public var warmUp: Duration = .milliseconds(200)
    /// For how long the server keeps what is written, in seconds; nil for an hour, or longer if the runs are.
    public var lifetime: Int?
    /// Whether the keys are left there.
    public var keepsKeys = false
    /// Files for the report.
    public var json: String?
    public var html: String?

    public init(url: String) { self.url = url }

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
