import Synchronization

/// How often subcommands were executed, and how long they took: `INFO commandstats`. They are rare, so all threads
/// count together.
final class SubcommandFigures: Sendable {
    struct Figures: Sendable {
        var calls = 0
        /// Refused before they were executed.
        var rejections = 0
        /// Executed, and answered with an error.
        var failures = 0
        var nanoseconds: Int64 = 0
    }

    private let figures = Mutex([Int: Figures]())

    /// - Parameter bit: the subcommand's place in a ``CommandSet``.
    func count(_ bit: Int, nanoseconds: Int64, hasFailed: Bool) {
        figures.withLock {
            $0[bit, default: Figures()].calls += 1
            $0[bit, default: Figures()].failures += hasFailed ? 1 : 0
            $0[bit, default: Figures()].nanoseconds += nanoseconds
        }
    }

    func countRejection(_ bit: Int) { figures.withLock { $0[bit, default: Figures()].rejections += 1 } }

    /// By the place of each.
    var all: [Int: Figures] { figures.withLock { $0 } }
    func reset() { figures.withLock { $0 = [:] } }
}
