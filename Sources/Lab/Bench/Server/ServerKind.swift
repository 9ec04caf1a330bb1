import Foundation

/// What can be measured.
package enum ServerKind: String, CaseIterable, Codable, Sendable {
    /// Our daemon.
    case revoked
    /// The echo server: the same system calls and nothing else.
    case echo
    case redis = "redis-server"
    case valkey = "valkey-server"
    case memcached

    /// Ours, the echo server, and every peer that is on `PATH`.
    package static var installed: [ServerKind] { allCases.filter { $0.executable != nil } }

    /// The path of its program; nil if it is not installed.
    var executable: String? {
        switch self {
        case .revoked: try? Programs.installed.revoked()
        case .echo: try? Programs.installed.laboratory()
        case .redis, .valkey, .memcached: Self.find(rawValue)
        }
    }

    /// The path of a program on `PATH`.
    static func find(_ program: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
            .map { "\($0)/\(program)" }.first(where: FileManager.default.isExecutableFile)
    }
}
