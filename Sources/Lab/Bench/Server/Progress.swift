import Foundation
import ProcessOutput
import Synchronization

/// One line on a terminal with the present step and the time left. Silent without a terminal.
final class Progress: Sendable {
    private let isShown = isatty(STDERR_FILENO) == 1
    private let total: Int
    private let done = Mutex(0)
    private let began = ContinuousClock.now

    /// - Parameter total: how many steps there will be.
    init(total: Int) { self.total = total }

    /// Begins a step.
    func step(_ text: String) {
        guard isShown else { return }
        let number = done.withLock { done in
            done += 1
            return done
        }
        var line = "[\(min(number, total))/\(total)] \(text)"
        if number > 3 {
            let left = (ContinuousClock.now - began) / (number - 1) * max(0, total - number + 1)
            line += " · about \(left.components.seconds) s left"
        }
        write("\r\u{1B}[K" + line)
    }

    /// Leaves the line empty.
    func end() {
        if isShown { write("\r\u{1B}[K") }
    }

    private func write(_ text: String) { StandardStream.error.write(text) }
}
