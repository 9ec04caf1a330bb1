import NIOCore
import NIOPosix
import Synchronization

/// A connection to a store that comes back when it is lost. Bound to one event loop, callable from anywhere.
///
/// Calls are put into a mailbox; the event loop empties it in one go, so that all calls that came in the meantime leave
/// in one write. The first call makes the connection and waits for it; once it is lost, calls fail at once until it is
/// back.
///
/// `@unchecked Sendable`: everything mutable but the mailbox, which has a lock, is touched on `loop` only.
final class StoreConnection: @unchecked Sendable {
    struct Options: Sendable {
        let address: StoreAddress
        let access: StoreURL.Access
        let encryption: StoreEncryption?
        let connectTimeout: TimeAmount
        let commandTimeout: TimeAmount
        let acceptedEvictionPolicies: Set<String>
        let acceptsReplica: Bool
        let flushesEachCommand: Bool
        /// Our clock, in Unix milliseconds.
        let wallClock: @Sendable () -> Int64
        /// How often a store that is connected is examined again: nothing tells when a primary becomes a replica
        /// or a clock is set.
        let examinationInterval: TimeAmount
        /// Told what becomes of the connection.
        let report: @Sendable (Event) -> Void

        init(
            address: StoreAddress, access: StoreURL.Access, encryption: StoreEncryption?,
            configuration: RevocationConfiguration, examinationInterval: TimeAmount = .seconds(60),
            report: @escaping @Sendable (Event) -> Void
        ) {
            self.address = address
            self.access = access
            self.encryption = encryption
            connectTimeout = TimeAmount(configuration.connectTimeout)
            commandTimeout = TimeAmount(configuration.commandTimeout)
            acceptedEvictionPolicies = configuration.acceptedEvictionPolicies
            acceptsReplica = configuration.acceptsReplica
            flushesEachCommand = configuration.flushesEachCommand
            wallClock = configuration.wallClock
            self.examinationInterval = examinationInterval
            self.report = report
        }
    }

    enum Event: Sendable {
        case connected(StoreCondition)
        /// Told again from time to time.
        case examined(StoreCondition)
        /// Told once, not again for each attempt that fails like the one before. The error is the system's, if there is one.
        case lost(StoreFailure, (any Error)?)
    }

    private struct Mailbox {
        var calls: [PendingCall] = []
        var isLoopTold = false
    }

    let loop: any EventLoop
    private let options: Options
    private let mailbox = Mutex(Mailbox())

    private var lifecycle = ConnectionLifecycle()
    private var held: [PendingCall] = []
    private var channel: (any Channel)?
    /// Where the connection leads, or is to lead.
    private var location: StoreURL.Location?
    private var handler: StoreChannelHandler?
    private var retry: Scheduled<Void>?
    private var examination: Scheduled<Void>?
    private var reportedFailure: StoreFailure?

    init(loop: any EventLoop, options: Options) {
        self.loop = loop
        self.options = options
    }

    /// Sends commands and waits for their replies, which may be errors.
    func call(_ commands: [Command]) async throws(StoreFailure) -> [Reply] {
        let call = PendingCall(commands)
        let result = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                call.whenFinished { continuation.resume(returning: $0) }
                if !call.isFinished { submit(call) }
            }
        } onCancel: {
            call.finish(.failure(.cancelled))
        }
        return try result.get()
    }

    /// Ends the connection for good; calls in flight fail.
    func close() -> EventLoopFuture<Void> {
        loop.flatSubmit { [self] in
            lifecycle.close()
            retry?.cancel()
            retry = nil
            examination?.cancel()
            fail(takeHeld(), .closed)
            handler?.end(.closed)
            return channel?.closeFuture ?? loop.makeSucceededVoidFuture()
        }
    }

    private func submit(_ call: PendingCall) {
        let mustTellLoop = mailbox.withLock { mailbox in
            mailbox.calls.append(call)
            defer { mailbox.isLoopTold = true }
            return !mailbox.isLoopTold
        }
        if mustTellLoop { loop.execute { self.emptyMailbox() } }
    }

    private func emptyMailbox() {
        loop.assertInEventLoop()
        let calls = mailbox.withLock { mailbox in
            defer { mailbox = Mailbox() }
            return mailbox.calls
        }
        switch lifecycle.admit() {
        case .send:
            guard let handler else { preconditionFailure("a connection that is ready has a handler") }
            if options.flushesEachCommand {
                for call in calls { handler.send([call], timeout: options.commandTimeout) }
            } else {
                handler.send(calls, timeout: options.commandTimeout)
            }
        case .fail(let failure): fail(calls, failure)
        case .hold: held += calls
        case .holdAndConnect:
            held += calls
            connect()
        }
    }

    private func connect() {
        let deadline = NIODeadline.now() + options.connectTimeout
        options.address.location(on: loop).flatMap { [self] location in
            self.location = location
            return StoreChannelHandler.connect(
                to: location, on: loop, encryption: options.encryption, timeout: options.connectTimeout)
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
            lost(self.handler?.endedBecause ?? StoreFailure(.unreachable, "the connection to the store was lost"))
        }
        let sentAt = options.wallClock()
        let handshake = PendingCall(Handshake.commands(options.access))
        handshake.whenFinished { [self] result in
            do throws(StoreFailure) {
                begin(try Handshake.condition(ofHandshake: result.get(), sentAt: sentAt, options: options))
            } catch {
                self.handler?.end(error)
            }
        }
        handler.send([handshake], timeout: deadline - .now())
    }

    private func begin(_ condition: StoreCondition) {
        loop.assertInEventLoop()
        guard lifecycle.connected() else {
            handler?.end(.closed)
            return
        }
        reportedFailure = nil
        options.report(.connected(condition))
        handler?.send(takeHeld(), timeout: options.commandTimeout)
        scheduleExamination()
    }

    private func scheduleExamination() {
        examination = loop.scheduleTask(in: options.examinationInterval) { [self] in examine() }
    }

    /// Looks again at a store that is connected. One that may not be used any more loses the connection.
    private func examine() {
        guard let handler else { return }
        // A primary that was replaced need not know it.
        options.address.location(on: loop).whenSuccess { [self] location in
            guard location != self.location else { return }
            self.handler?.end(StoreFailure(.unreachable, "another server has become the primary"))
        }
        let sentAt = options.wallClock()
        let call = PendingCall(Handshake.examination)
        call.whenFinished { [self] result in
            do throws(StoreFailure) {
                let condition = try Handshake.condition(
                    ofExamination: result.get()[...], sentAt: sentAt, options: options)
                options.report(.examined(condition))
            } catch  where error.code == .timedOut {
                // Slow is not unsafe: the next look will tell.
            } catch {
                self.handler?.end(error)
                return
            }
            scheduleExamination()
        }
        handler.send([call], timeout: options.commandTimeout)
    }

    private func lost(_ failure: StoreFailure, because error: (any Error)? = nil) {
        loop.assertInEventLoop()
        channel = nil
        handler = nil
        examination?.cancel()
        fail(takeHeld(), failure)
        var random = SystemRandomNumberGenerator()
        guard let delay = lifecycle.lost(failure, using: &random) else { return }
        if failure != reportedFailure {
            reportedFailure = failure
            options.report(.lost(failure, error))
        }
        retry = loop.scheduleTask(in: TimeAmount(delay)) { [self] in
            retry = nil
            if lifecycle.isWanted { connect() }
        }
    }

    private func takeHeld() -> [PendingCall] {
        defer { held = [] }
        return held
    }

    private func fail(_ calls: [PendingCall], _ failure: StoreFailure) {
        for call in calls { call.finish(.failure(failure)) }
    }
}
