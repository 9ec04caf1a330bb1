import ArgumentParser
import Foundation

/// Which store a command administers.
struct StoreOption: ParsableArguments {
    private static let variable = "REVOKED_BACKEND"

    @Option(
        help: """
            The store: redis://[user:password@]host[:port], rediss, redis+unix, redis+sentinel… (default: REVOKED_BACKEND of the \
            environment, where a password belongs: a command line can be read by others).
            """)
    var backend: String?

    /// - Throws: if it is given nowhere.
    func url() throws -> String {
        guard let url = backend ?? ProcessInfo.processInfo.environment[Self.variable] else {
            throw ValidationError("name the store: --backend, or \(Self.variable) in the environment")
        }
        return url
    }
}
