import Foundation
import ProcessOutput

/// Tells the story on standard output; in colour only on a terminal.
struct Narrator: Sendable {
    private let isColoured = isatty(STDOUT_FILENO) == 1

    func title(_ text: String) { write(bold(text) + "\n") }

    /// Begins a step.
    func step(_ text: String) { write("\n" + bold("● " + text) + "\n") }

    /// Something that held, and how long it took.
    func held(_ text: String, _ time: Duration? = nil) {
        let padding = String(repeating: " ", count: max(1, 72 - text.count))
        write("  \(paint("✓", 32)) \(text)\(time.map { padding + paint($0.inMilliseconds, 2) } ?? "")\n")
    }

    func failed(_ text: String) { write("\n  \(paint("✗ FAILED", 31)) \(text)\n") }

    func remark(_ text: String) { write("    \(paint(text, 2))\n") }

    func plain(_ text: String) { write(text + "\n") }

    private func bold(_ text: String) -> String { paint(text, 1) }

    private func paint(_ text: String, _ code: Int) -> String {
        isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    /// Not `print`: what was told must be there even if the output is a pipe and the process is killed.
    private func write(_ text: String) { StandardStream.output.write(text) }
}

extension Duration {
    /// Milliseconds with one decimal.
    var inMilliseconds: String { String(format: "%.1f ms", self / .milliseconds(1)) }
}
