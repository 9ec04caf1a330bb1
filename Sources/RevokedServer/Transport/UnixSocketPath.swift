import Foundation

/// The file that a Unix socket leaves behind.
package enum UnixSocketPath {
    /// Removes a socket that nobody listens on; one that is in use, or a file of another kind, is left alone.
    package static func clear(_ path: String) throws(ServerError) {
        // Not `stat()`: whose initializer that is depends on which files are compiled together.
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return }
        guard attributes[.type] as? FileAttributeType == .typeSocket else {
            throw ServerError(.cannotListen, "\(path) is there and is no socket: choose another --unixsocket")
        }
        guard !isAnswering(path) else { throw .inUse(.unix(path: path)) }
        unlink(path)
    }

    private static func isAnswering(_ path: String) -> Bool {
        let probe = SocketAddress.makeSocket(AF_UNIX)
        guard probe >= 0 else { return true }
        defer { close(probe) }
        let connected = SocketAddress.withUnixAddress(path) { connect(probe, $0, $1) }
        // Only a refusal proves that nobody listens.
        return connected == 0 || errno != ECONNREFUSED
    }
}
