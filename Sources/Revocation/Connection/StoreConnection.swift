import Contract
import NIOCore
import NIOPosix
import Synchronization

/// A connection to a store that reconnects. Bound to one event loop, callable from any thread.
///
/// Calls are put into a mailbox. The event loop empties it in one go, so that calls that arrive while a flush is
/// pending leave in one write. The first call connects and waits. Once the connection is lost, calls fail at once until
/// it is back.
///
/// `@unchecked Sendable`: mutable state is used on `loop` only, except what a mutex guards.
final class StoreConnection: @unchecked Sendable {
    /// The result of the latest examination.
    private struct Knowledge {
        var status: StoreStatus?
        var isConnected = false
    }

    private struct Mailbox {
        var batch = CallBatch()
        var isLoopTold = false
    }

    let loop: any EventLoop
    /// Whether a witness is read behind each flush: on connections for writes.
    private let isWitnessed: Bool
    /// The store's status at the last examination. Known before any call is answered. Each connection has its own,
    /// because another connection may lead to another store.
    var status: StoreStatus? { knowledge.withLock { $0.status } }
    /// The same, but nil while there is no connection.
    var presentStatus: StoreStatus? { knowledge.withLock { $0.isConnected ? $0.status : nil } }

    private let configuration: Configuration
    private let knowledge = Mutex(Knowledge())
    private let mailbox = Mutex(Mailbox())

    private var lifecycle = ConnectionLifecycle()
    private var held = CallBatch()
    /// Empty; kept to reuse its memory for the mailbox.
    private var spare = CallBatch()
    private static let keptCommands = 4_096
    private var channel: (any Channel)?
    /// The address connected to, or being connected to.
    private var location: StoreURL.Location?
    private var handler: StoreChannelHandler?
    private let retry = LoopTimer()
    private let examination = LoopTimer()
    private var examinedAt = NIODeadline.distantPast
    private var isExamining = false
    private let following = LoopTimer()
    /// A write may have to wait for followers (Following.md): it is given a second more than that takes.
    private var writeTimeout: TimeAmount
    /// The store's clock at the last examination.
    private var clock: StoreClock?
    private static let primaryInterval = TimeAmount.milliseconds(250)
    /// The shortest time between two examinations.
    private static let shortestExaminationInterval = TimeAmount.seconds(1)
    private var reportedFailure: StoreFailure?

    init(loop: any EventLoop, configuration: Configuration, isWitnessed: Bool = false) {
        self.loop = loop
        self.configuration = configuration
        self.isWitnessed = isWitnessed
        writeTimeout = configuration.commandTimeout
        configuration.peers.add(self)
    }

    /// Puts a call into the mailbox.
    func submit(_ call: PendingCall) {
        let mustTellLoop = mailbox.withLock { mailbox in
            mailbox.batch.append(call)
            defer { mailbox.isLoopTold = true }
            return !mailbox.isLoopTold
        }
        if mustTellLoop { loop.execute { self.emptyMailbox() } }
    }

    /// Closes the connection for good. Calls in flight fail. Its peers hold it until then.
    func close() -> EventLoopFuture<Void> {
        loop.flatSubmit { [self] in
            lifecycle.close()
            configuration.peers.remove(self)
            retry.cancel()
            examination.cancel()
            following.cancel()
            fail(takeHeld(), .closed)
            handler?.end(.closed)
            return channel?.closeFuture ?? loop.makeSucceededVoidFuture()
        }
    }

    private func emptyMailbox() {
        loop.assertInEventLoop()
        var batch = CallBatch()
        swap(&batch, &spare)
        mailbox.withLock { mailbox in
            swap(&mailbox.batch, &batch)
            mailbox.isLoopTold = false
        }
        process(batch)
        if batch.commandCount <= Self.keptCommands {
            batch.clear()
            swap(&batch, &spare)
        }
    }

    private func process(_ batch: CallBatch) {
        switch lifecycle.admit() {
        case .send:
            guard let handler else { preconditionFailure("a connection that is ready has a handler") }
            if configuration.flushesEachCommand {
                for single in batch.singles() { send(single, through: handler) }
            } else {
                send(batch, through: handler)
            }
        case .fail(let failure): fail(batch, failure)
        case .hold: hold(batch)
        case .holdAndConnect:
            hold(batch)
            connect()
        }
    }

    private func hold(_ batch: CallBatch) {
        guard held.commandCount + batch.commandCount <= CommandPipeline.maximumOutstanding else {
            return fail(batch, StoreFailure(.unreachable, "too many commands wait for the connection to the store"))
        }
        held.append(batch)
        for call in batch.calls { call.resumeAsSlow() }
    }

    private func send(_ batch: CallBatch, through handler: StoreChannelHandler) {
        guard !batch.isEmpty else { return }
        if let location, let objection = configuration.address.objection(to: location, for: configuration.purpose) {
            fail(batch, objection)
            if objection == .replaced { handler.end(objection) }
            return
        }
        configuration.whenWritten?(batch.commandCount)
        let now = now()
        handler.send(
            batch, timeout: isWitnessed ? writeTimeout : configuration.commandTimeout, isWitnessed: isWitnessed, at: now
        )
        if !now.isClockRight { examineSoon() }
    }

    /// The present time, and whether this machine's clock agrees with the store's. Wall clock and boot clock are
    /// compared for each flush, so the next check notices a wall clock that was set.
    private func now() -> SentTime {
        var now = SentTime(configuration.bootClock())
        let cause = clock?.skewCause(wall: configuration.wallClock(), boot: now.milliseconds)
        now.isClockRight = cause == nil
        return now
    }

    /// Another connection to the same store was made. Calls wait for the attempt that is under way or made now.
    func storeIsBack() {
        loop.execute { [self] in
            let isUnderWay = !retry.isSet
            guard lifecycle.attemptAtOnce(isUnderWay: isUnderWay), !isUnderWay else { return }
            retry.cancel()
            connect()
        }
    }

    private func connect() {
        let deadline = NIODeadline.now() + configuration.connectTimeout
        configuration.address.location(on: loop).flatMap { [self] location in
            self.location = location
            return StoreChannelHandler.connect(
                to: location, on: loop, encryption: configuration.encryption,
                timeout: max(.milliseconds(1), deadline - .now()))
        }.whenComplete { [self] result in
            do {
                try shakeHands(on: result.get(), until: deadline)
            } catch {
                lost(
                    error as? StoreFailure ?? StoreFailure(.unreachable, "no connection to the store could be made"),
                    because: error is StoreFailure ? nil : error)
            }
        }
    }

    private func shakeHands(on channel: any Channel, until deadline: NIODeadline) throws {
        loop.assertInEventLoop()
        guard lifecycle.isWanted else { return channel.close(promise: nil) }
        let handler = try channel.pipeline.syncOperations.handler(type: StoreChannelHandler.self)
        self.channel = channel
        self.handler = handler
        channel.closeFuture.whenComplete { [self] _ in
            lost(self.handler?.endedBecause ?? .connectionLost)
        }
        let sentAt = SentTime(configuration.bootClock())
        let commands = Handshake.commands(configuration.access)
        let handshake = PendingCall(commands).whenFinished { [self] outcome in
            do throws(StoreFailure) {
                begin(
                    try Handshake.status(
                        ofHandshake: outcome.replies(), sentAt: sentAt, configuration: configuration))
            } catch {
                self.handler?.end(error)
            }
        }
        handler.send(CallBatch(handshake), timeout: deadline - .now())
    }

    private func begin(_ status: StoreStatus) {
        loop.assertInEventLoop()
        guard lifecycle.connected(at: .now()) else {
            handler?.end(.closed)
            return
        }
        reportedFailure = nil
        learn(status)
        examinedAt = .now()
        configuration.report(.connected(status))
        configuration.peers.isBack(self)
        if let handler { send(takeHeld(), through: handler) }
        scheduleExamination(in: configuration.examinationInterval)
        followPrimary()
    }

    /// Disconnects from a primary that has been replaced, before anything is sent to it in vain. Such a primary need
    /// not know it.
    private func followPrimary() {
        guard case .sentinels = configuration.address, let handler, let location else { return }
        if configuration.address.objection(to: location, for: .check) == .replaced { return handler.end(.replaced) }
        following.set(on: loop, in: Self.primaryInterval) { [self] in followPrimary() }
    }

    private func learn(_ status: StoreStatus) {
        clock = status.clock
        let least = status.lease > 0 ? TimeAmount.milliseconds(status.lease) + .seconds(1) : .zero
        writeTimeout = max(configuration.commandTimeout, least)
        knowledge.withLock { $0 = Knowledge(status: status, isConnected: true) }
    }

    private func scheduleExamination(in delay: TimeAmount) {
        examination.set(on: loop, in: delay) { [self] in examine() }
    }

    /// Brings the next examination forward: the clocks disagreed, and may agree again.
    private func examineSoon() {
        guard !isExamining else { return }
        scheduleExamination(in: max(.nanoseconds(0), examinedAt + Self.shortestExaminationInterval - .now()))
    }

    /// Examines a connected store again, and closes the connection if the store must not be used.
    private func examine() {
        guard let handler, !isExamining else { return }
        isExamining = true
        examinedAt = .now()
        let sentAt = SentTime(configuration.bootClock())
        let call = PendingCall(Handshake.examination).whenFinished { [self] outcome in
            isExamining = false
            do throws(StoreFailure) {
                let status = try Handshake.status(
                    ofExamination: outcome.replies()[...], sentAt: sentAt, configuration: configuration)
                learn(status)
                configuration.report(.examined(status))
                scheduleExamination(in: configuration.examinationInterval)
            } catch  where error.code == .timedOut {
                // Slow is not unsafe: the next look will tell.
                scheduleExamination(in: min(configuration.examinationInterval, Self.shortestExaminationInterval))
            } catch {
                self.handler?.end(error)
            }
        }
        handler.send(CallBatch(call), timeout: configuration.commandTimeout)
    }

    private func lost(_ failure: StoreFailure, because error: (any Error)? = nil) {
        loop.assertInEventLoop()
        channel = nil
        handler = nil
        knowledge.withLock { $0.isConnected = false }
        examination.cancel()
        following.cancel()
        fail(takeHeld(), failure)
        var random = SystemRandomNumberGenerator()
        guard let delay = lifecycle.lost(failure, at: .now(), using: &random) else { return }
        if failure != reportedFailure {
            reportedFailure = failure
            configuration.report(.lost(failure, error))
        }
        retry.set(on: loop, in: TimeAmount(delay)) { [self] in
            if lifecycle.isDue() { connect() }
        }
    }

    /// The held calls that are not finished.
    private func takeHeld() -> CallBatch {
        defer { held = CallBatch() }
        return held.filtered { !$0.isFinished }
    }

    private func fail(_ batch: CallBatch, _ failure: StoreFailure) {
        for call in batch.calls { call.finish(.failure(failure)) }
    }
}
