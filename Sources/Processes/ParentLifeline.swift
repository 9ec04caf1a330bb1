import Foundation

/// Lets a process end with the one that started it, however that ended: kill -9 leaves nobody else to do it.
package enum ParentLifeline {
    /// Set for a process whose standard input closes when its parent ends.
    static let variable = "REVOKED_ENDS_WITH_INPUT"

    /// Sends SIGTERM to this process when its standard input closes, if it was started so.
    package static func follow() {
        guard ProcessInfo.processInfo.environment[variable] != nil else { return }
        Thread.detachNewThread {
            while let data = try? FileHandle.standardInput.read(upToCount: 1), !data.isEmpty {}
            kill(getpid(), SIGTERM)
        }
    }
}
