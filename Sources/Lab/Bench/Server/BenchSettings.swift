/// How `revoked-lab bench server` measures.
package struct BenchConfiguration: Sendable {
    package var workloads = Workload.allCases
    /// Entries that every server holds while it is measured.
    package var keys = 1_000_000
    /// How long one run is, without its warm-up.
    package var duration: Duration = .seconds(2)
    /// How many requests one run is, instead of ``duration``.
    package var requests: Int?
    package var connections = 50
    /// Requests that a connection sends at once: each of these is measured.
    package var inFlight = [1, 16, 64]
    /// How often all servers take their turn.
    package var alternations = 5
    /// Besides our daemon, which is always first.
    package var peers = ServerKind.installed
    /// Whether the servers keep to one processor and the generator to another, where there are two.
    package var pins = true
    /// Whether to measure memory, growth and expiry instead of requests.
    package var measuresMemory = false
    /// Whether to measure durability instead.
    package var measuresDurability = false
    /// What is asked about it.
    package var questions = DurabilityFigures.Question.allCases
    /// The sizes at which memory is measured.
    package var memorySizes = [1_000_000, 10_000_000]
    package var idleConnections = 5_000
    /// Whether to measure expiry with the memory: it takes minutes, for revocations are kept for 120 s beyond theirs.
    package var measuresExpiry = true
    /// Whether to measure requests over TLS 1.3, beside the peers that speak it.
    package var measuresTLS = false
    /// A file that receives everything as JSON.
    package var json: String?
    /// A directory that receives the charts.
    package var charts: String?

    package init() {}

    /// A look in about a minute, at the price of noise.
    package mutating func makeQuick() {
        keys = 100_000
        duration = .milliseconds(200)
        alternations = 3
        inFlight = [1, 64]
        memorySizes = [100_000, 1_000_000]
        idleConnections = 1_000
        measuresExpiry = false
    }

    /// The time of what is written, in seconds: longer than any measurement.
    static let lifetime = 86_400
    static let warmUp: Duration = .milliseconds(100)

    /// Our daemon, then the echo server, then the peers.
    var servers: [ServerKind] {
        ServerKind.allCases.filter { kind in
            (kind == .revoked || peers.contains(kind)) && (!measuresTLS || [.revoked, .redis, .valkey].contains(kind))
        }
    }
}
