import Foundation
import ProcessOutput

/// How far a search is: a line on a terminal, once a second.
package struct SimulationProgress {
    private let isShown = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now
    private var shownAt = ContinuousClock.now

    package init() {}

    package mutating func show(_ played: Int, of count: Int?) {
        guard isShown, played % 256 == 0 else { return }
        let now = ContinuousClock.now
        guard now - shownAt >= .seconds(1) else { return }
        shownAt = now
        let rate = Double(played) / max(1, Double((now - start).components.seconds))
        let total = count.map { " of \($0)" } ?? ""
        StandardStream.error.write("\r\u{1B}[K\(played)\(total) histories, \(Int(rate))/s")
    }

    /// Leaves the line empty.
    package func end() {
        if isShown { StandardStream.error.write("\r\u{1B}[K") }
    }
}
