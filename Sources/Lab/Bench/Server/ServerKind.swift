import Foundation

/// What can be measured.
public enum ServerKind: String, CaseIterable, Codable, Sendable {
    /// Our daemon.
    case revoked
    /// The floor server: the same system calls and nothing else.
    case floor
    case redis = "redis-server"
    case valkey = "valkey-server"
    case memcached

    /// Ours, the floor, and every peer that is on `PATH`.
    public static var installed: [ServerKind] { allCases.filter { $0.executable != nil } }

    /// The path of its program; nil if it is not installed.
    var executable: String? {
        switch self {
        case .revoked, .floor: Demo.currentExecutable
        default: Self.find(rawValue)
        }
    }

    /// The path of a program on `PATH`.
    static func find(_ program: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
            .map { "\($0)/\(program)" }.first(where: FileManager.default.isExecutableFile)
    }
}
