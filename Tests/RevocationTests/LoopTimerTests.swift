import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Revocation

@Suite struct LoopTimerTests {
    /// Both are due in one turn of the loop, which is the only one that was not free before: the first cancels.
    @Test(arguments: [false, true])
    func whatIsCancelledInItsTurnIsNotDone(isSetAgain: Bool) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let timer = LoopTimer()
        let done = Mutex<[String]>([])
        try await loop.submit {
            loop.scheduleTask(in: .milliseconds(1)) {
                if isSetAgain {
                    timer.set(on: loop, in: .milliseconds(1)) { done.withLock { $0.append("second") } }
                } else {
                    timer.cancel()
                }
            }
            timer.set(on: loop, in: .milliseconds(2)) { done.withLock { $0.append("first") } }
            let due = ContinuousClock.now + .milliseconds(5)
            while ContinuousClock.now < due {}
        }.get()
        try await loop.scheduleTask(in: .milliseconds(20)) {}.futureResult.get()
        #expect(done.withLock { $0 } == (isSetAgain ? ["second"] : []))
        #expect(!timer.isSet)
    }
}
