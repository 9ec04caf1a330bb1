package import NIOCore

/// Something that an event loop does later, once.
///
/// After ``cancel()`` it is surely not done. `Scheduled` alone does not promise that: what was due in the same turn of
/// the loop as that which cancels it is done all the same.
///
/// `@unchecked Sendable`: it is used on its loop only.
package final class LoopTimer: @unchecked Sendable {
    private var task: Scheduled<Void>?
    /// Another one whenever it is set or cancelled.
    private var turn: UInt64 = 0

    package init() {}

    package var isSet: Bool { task != nil }

    /// Replaces what was set before.
    package func set(on loop: any EventLoop, in delay: TimeAmount, _ action: @escaping @Sendable () -> Void) {
        cancel()
        task = loop.scheduleTask(in: delay) { [self, turn] in
            guard self.turn == turn else { return }
            task = nil
            action()
        }
    }

    package func cancel() {
        turn += 1
        task?.cancel()
        task = nil
    }
}
