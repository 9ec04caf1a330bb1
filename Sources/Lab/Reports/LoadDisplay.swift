import Foundation
import ProcessOutput
import Synchronization

/// One line on a terminal with the progress of a run, updated once a second. Silent without a terminal.
final class LoadDisplay: Sendable {
    /// How a run ends, to say how much of it is left.
    enum End: Sendable {
        case after(Duration)
        case count(Int)
    }

    private static let interval: Duration = .seconds(1)

    private let recorder: LoadRecorder
    private let end: End
    private let began = ContinuousClock.now
    private let isShown: Bool
    private let write: @Sendable (String) -> Void
    private let task = Mutex<Task<Void, Never>?>(nil)

    /// Shows from now on what a recorder has collected.
    /// - Parameter isShown: whether anybody looks.
    init(
        _ recorder: LoadRecorder, end: End, isShown: Bool = isatty(STDERR_FILENO) == 1,
        write: @escaping @Sendable (String) -> Void = { StandardStream.error.write($0) }
    ) {
        self.recorder = recorder
        self.end = end
        self.isShown = isShown
        self.write = write
        guard isShown else { return }
        let task = Task { [weak self] in
            var before = 0
            while (try? await Task.sleep(for: Self.interval)) != nil {
                guard let self else { return }
                before = show(before)
            }
        }
        self.task.withLock { $0 = task }
    }

    /// Says something that stays, such as a fault that was just made; on a terminal above the line.
    func note(_ text: String) { write((isShown ? "\r\u{1B}[K" : "") + text + "\n") }

    /// Leaves the line empty.
    func stop() {
        guard isShown else { return }
        task.withLock { $0?.cancel() }
        write("\r\u{1B}[K")
    }

    /// - Returns: how many operations are completed.
    private func show(_ before: Int) -> Int {
        let progress = recorder.progress
        write("\r\u{1B}[K" + line(progress, completedBefore: before, elapsed: ContinuousClock.now - began))
        return progress.completed
    }

    /// - Parameter before: how many operations were completed a second ago.
    func line(_ progress: LoadRecorder.Progress, completedBefore before: Int, elapsed: Duration) -> String {
        let elapsed = Double(elapsed.inNanoseconds) / 1e9
        let left =
            switch end {
            case .after(let duration): Double(duration.inNanoseconds) / 1e9 - elapsed
            case .count(let count): Double(count - progress.completed) * elapsed / Double(max(1, progress.completed))
            }
        return [
            Quantity.seconds(elapsed), "\(Quantity.count(progress.completed - before))/s",
            "p50 \(Quantity.time(progress.p50))", "p99 \(Quantity.time(progress.p99))",
            "\(Quantity.count(progress.violations)) violations", "\(Quantity.count(progress.errors)) errors",
            "\(Quantity.seconds(max(0, left))) left",
        ].joined(separator: " · ")
    }
}
