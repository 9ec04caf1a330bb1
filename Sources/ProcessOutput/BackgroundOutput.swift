import Dispatch
import Foundation
import Logging
import Synchronization

/// Writes to a standard stream on a thread of its own: whoever has something to say never waits for its reader.
///
/// What waits is bounded. Lines beyond that are dropped and counted, and the count is written once there is room.
package final class BackgroundOutput: Sendable {
    package static let standardOutput = BackgroundOutput(descriptor: StandardStream.output.rawValue)
    package static let standardError = BackgroundOutput(descriptor: StandardStream.error.rawValue, isLog: true)

    /// Bytes that may wait.
    static let maximumBytes = 256 << 10
    /// How long a process waits at its end for what it has said.
    private static let patience = Duration.seconds(1)

    private struct State {
        var pending: [UInt8] = []
        var dropped = 0
        var isStarted = false
        /// Whether the thread has written everything and sleeps.
        var isIdle = true
        var hasEnded = false
        /// Those who wait until it is idle.
        var waiting: [DispatchSemaphore] = []
    }

    private let descriptor: Int32
    private let isLog: Bool
    private let state = Mutex(State())
    private let doorbell = DispatchSemaphore(value: 0)

    /// - Parameter isLog: whether its lines have the current ``LogFormat``.
    init(descriptor: Int32, isLog: Bool = false) {
        self.descriptor = descriptor
        self.isLog = isLog
    }

    /// Writes one line or several, soon and in order.
    package func write(_ text: String) {
        let bytes = text.utf8
        let (mustStart, mustWake) = state.withLock { state -> (Bool, Bool) in
            guard state.pending.count + bytes.count <= Self.maximumBytes else {
                state.dropped += 1
                return (false, false)
            }
            state.pending.append(contentsOf: bytes)
            defer { (state.isStarted, state.isIdle) = (true, false) }
            return (!state.isStarted, state.isIdle)
        }
        if mustStart {
            Thread.detachNewThread { self.run() }
            // A process may end right behind its last words.
            atexit { BackgroundOutput.flushAll() }
        }
        if mustWake { doorbell.signal() }
    }

    /// Waits until everything is written, but no longer than that.
    package func flush(within time: Duration) {
        let done = DispatchSemaphore(value: 0)
        let isIdle = state.withLock { state in
            if !state.isIdle { state.waiting.append(done) }
            return state.isIdle
        }
        guard !isIdle else { return }
        _ = done.wait(timeout: .now() + time / .seconds(1))
    }

    /// Ends the thread when it has written everything.
    func end() {
        state.withLock { $0.hasEnded = true }
        doorbell.signal()
    }

    private static func flushAll() {
        let deadline = ContinuousClock.now + patience
        for output in [standardError, standardOutput] { output.flush(within: max(.zero, deadline - .now)) }
    }

    // MARK: The thread

    private func run() {
        // Lines that could not be written.
        var lost = 0
        while let batch = take(&lost) {
            let written = batch.withUnsafeBytes { StandardStream.write($0, to: descriptor) }
            lost += batch[written...].count { $0 == UInt8(ascii: "\n") }
        }
    }

    /// - Returns: what is to be written next, when there is something; nil at the end.
    private func take(_ lost: inout Int) -> [UInt8]? {
        while true {
            let (batch, dropped, hasEnded) = state.withLock { state -> ([UInt8], Int, Bool) in
                defer { (state.pending, state.dropped) = ([], 0) }
                if state.pending.isEmpty {
                    state.isIdle = true
                    for waiter in state.waiting { waiter.signal() }
                    state.waiting = []
                }
                return (state.pending, state.dropped, state.hasEnded)
            }
            lost += dropped
            if !batch.isEmpty {
                defer { lost = 0 }
                return batch + (lost == 0 ? [] : Array(notice(lost).utf8))
            }
            if hasEnded { return nil }
            doorbell.wait()
        }
    }

    private func notice(_ count: Int) -> String {
        let text =
            "\(count) \(count == 1 ? "line was" : "lines were") dropped: what this process writes was not taken in time"
        guard isLog, LogFormat.current == .json else { return text + "\n" }
        return JSONLogHandler.line(.warning, "revoked.output", text, at: Date())
    }
}
