import Logging
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import AdminHTTP

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct AcceptLimitTests {
    /// Counts how often the channel would have accepted.
    private final class Socket: ChannelOutboundHandler {
        typealias OutboundIn = Never
        var reads = 0
        func read(context: ChannelHandlerContext) { reads += 1 }
    }

    /// Counts the errors that went on.
    private final class Errors: ChannelInboundHandler {
        typealias InboundIn = any Channel
        var count = 0
        func errorCaught(context: ChannelHandlerContext, error: any Error) { count += 1 }
    }

    private let loop = EmbeddedEventLoop()
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func listening(maximum: Int) throws -> (channel: EmbeddedChannel, socket: Socket, errors: Errors) {
        let (socket, errors) = (Socket(), Errors())
        let channel = EmbeddedChannel(
            handlers: [socket, AcceptLimit(maximum: maximum, logger: logger), errors], loop: loop)
        return (channel, socket, errors)
    }

    @Test func noMoreThanTheMaximumIsAcceptedUntilOneEnds() throws {
        let (channel, socket, _) = try listening(maximum: 2)
        let connections = [EmbeddedChannel(loop: loop), EmbeddedChannel(loop: loop)]
        for connection in connections {
            channel.read()
            channel.pipeline.fireChannelRead(connection as any Channel)
        }
        #expect(socket.reads == 2)
        channel.read()
        channel.read()
        loop.advanceTime(by: .seconds(10))
        #expect(socket.reads == 2)
        connections[0].close(promise: nil)
        loop.run()
        #expect(socket.reads == 3)
        connections[1].close(promise: nil)
        loop.run()
        #expect(socket.reads == 3)
    }

    /// A channel that cannot accept stays readable: it must not ask again at once.
    @Test(arguments: [EMFILE, ENFILE, ENOMEM, ENOBUFS])
    func withoutDescriptorsItWaits(code: Int32) throws {
        let (channel, socket, errors) = try listening(maximum: 100)
        channel.read()
        channel.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "accept"))
        channel.read()
        #expect(socket.reads == 1)
        #expect(errors.count == 0)
        loop.advanceTime(by: AcceptState.pause)
        #expect(socket.reads == 2)
        // Or until a connection ends.
        let connection = EmbeddedChannel(loop: loop)
        channel.pipeline.fireChannelRead(connection as any Channel)
        channel.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "accept"))
        channel.read()
        #expect(socket.reads == 2)
        connection.close(promise: nil)
        loop.run()
        #expect(socket.reads == 3)
    }

    @Test func aConnectionThatHasGoneIsNoReasonToStopAndOtherErrorsGoOn() throws {
        let (channel, socket, errors) = try listening(maximum: 100)
        channel.pipeline.fireErrorCaught(IOError(errnoCode: ECONNABORTED, reason: "accept"))
        channel.read()
        #expect(socket.reads == 1)
        #expect(errors.count == 0)
        channel.pipeline.fireErrorCaught(IOError(errnoCode: EBADF, reason: "accept"))
        #expect(errors.count == 1)
    }

    @Test func itIsSaidOnceAMinute() {
        var state = AcceptState(maximum: 1)
        let start = NIODeadline.uptimeNanoseconds(1)
        let said = [0, 59, 60, 61].map { state.shouldTell(now: start + .seconds($0)) }
        #expect(said == [true, false, true, false])
    }

    /// As many are asked to leave as it takes for another one to be accepted.
    @Test func roomIsAskedForWhereThereAreTooMany() throws {
        let asked = Mutex<[Int]>([])
        let status = AcceptStatus()
        let socket = Socket()
        let limit = AcceptLimit(maximum: 2, status: status, logger: logger) { count in
            asked.withLock { $0.append(count) }
        }
        let channel = EmbeddedChannel(handlers: [socket, limit], loop: loop)
        let connections = (0..<4).map { _ in EmbeddedChannel(loop: loop) }
        channel.read()
        for connection in connections { channel.pipeline.fireChannelRead(connection as any Channel) }
        #expect(asked.withLock { $0.isEmpty })
        channel.read()
        #expect(asked.withLock { $0 == [3] })
        for connection in connections.prefix(2) { connection.close(promise: nil) }
        loop.run()
        #expect(socket.reads == 1)
        connections[2].close(promise: nil)
        loop.run()
        #expect(socket.reads == 2)
        channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
        channel.read()
        #expect(asked.withLock { $0 == [3, 1] })
    }

    @Test func thatNoneIsAcceptedIsSaidAfterASecond() {
        let status = AcceptStatus()
        let start = ContinuousClock.now
        status.note(isAccepting: false, at: start)
        status.note(isAccepting: false, at: start + .milliseconds(900))
        #expect(!status.hasStopped(at: start + .milliseconds(999)))
        #expect(status.hasStopped(at: start + .seconds(1)))
        status.note(isAccepting: true)
        #expect(!status.hasStopped(at: start + .seconds(60)))
    }
}
