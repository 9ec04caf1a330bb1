import Foundation
import Lab

extension Programs {
    /// Those that were built with the tests.
    static func built() throws -> Programs {
        Programs(directory: URL(filePath: try DaemonProcess.program("revoked-lab")).deletingLastPathComponent().path)
    }
}
