import Foundation
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOPosix
import Testing

@testable import AuthNode

@Suite struct RequestTurnsTests {
    /// Rounds that a test makes.
    private final class ManualRounds: LoopRounds {
        private var waiting: [() -> Void] = []
        func afterNextRound(_ work: @escaping () -> Void) { waiting.append(work) }

        func make() {
            let work = waiting
            waiting = []
            for work in work { work() }
        }
    }

    /// A socket whose peer reads, or does not.
    private final class Socket: ChannelOutboundHandler {
        typealias OutboundIn = Any
        var reads = 0
        var isRead = true
        private var unread: [EventLoopPromise<Void>] = []

        func read(context: ChannelHandlerContext) { reads += 1 }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if let promise { unread.append(promise) }
        }

        func flush(context: ChannelHandlerContext) { if isRead { readAll() } }

        func readAll() {
            let taken = unread
            unread = []
            for promise in taken { promise.succeed() }
        }

        func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
            struct Closed: Error {}
            for promise in unread { promise.fail(Closed()) }
            unread = []
            context.close(mode: mode, promise: promise)
        }
    }

    /// What the node sees.
    private final class Application: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        var heads = 0
        var lastHead: HTTPRequestHead?
        var ends = 0
        var errors = 0
        var completions = 0
        var isInputClosed = false
        /// How many have begun, and how many of them have ended.
        var requests: [Int] { [heads, ends] }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): (heads, lastHead) = (heads + 1, head)
            case .body: break
            case .end: ends += 1
            }
        }

        func channelReadComplete(context: ChannelHandlerContext) { completions += 1 }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { errors += 1 }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .inputClosed? = event as? ChannelEvent { isInputClosed = true }
        }
    }

    private let loop = EmbeddedEventLoop()
    private let rounds = ManualRounds()
    private let socket = Socket()
    private let application = Application()

    private func connection(_ places: ConnectionPlaces? = nil) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(loop: loop)
        let turns = RequestTurns(rounds: rounds, place: places?.add(channel))
        try channel.pipeline.syncOperations.addHandlers(socket, turns, application)
        channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        return channel
    }

    private func ask(_ channel: EmbeddedChannel, _ count: Int = 1) throws {
        for _ in 0..<count {
            try channel.writeInbound(
                HTTPServerRequestPart.head(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/me")))
            try channel.writeInbound(HTTPServerRequestPart.end(nil))
        }
    }

    private func answer(_ channel: EmbeddedChannel) {
        let head = HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: .ok))
        channel.pipeline.syncOperations.write(NIOAny(head), promise: nil)
        channel.pipeline.syncOperations.writeAndFlush(NIOAny(HTTPServerResponsePart.end(nil)), promise: nil)
    }

    /// The rest waits until the answer was taken, and other sockets have had their turn.
    @Test func oneRequestIsHandledAtATime() throws {
        let channel = try connection()
        try ask(channel, 3)
        #expect(application.requests == [1, 1])
        rounds.make()
        #expect(application.heads == 1)
        for number in 2...3 {
            answer(channel)
            #expect(application.heads == number - 1)
            let completions = application.completions
            rounds.make()
            #expect(application.requests == [number, number])
            #expect(application.completions == completions + 1)
        }
        answer(channel)
        rounds.make()
        try ask(channel)
        #expect(application.heads == 4)
    }

    @Test func noMoreIsReadWhileARequestWaits() throws {
        let channel = try connection()
        try ask(channel)
        let reads = socket.reads
        channel.read()
        #expect(socket.reads == reads + 1)
        try ask(channel)
        channel.read()
        channel.read()
        #expect(socket.reads == reads + 1)
        answer(channel)
        #expect(socket.reads == reads + 1)
        rounds.make()
        #expect(socket.reads == reads + 2)
    }

    /// The decoder keeps every byte that follows, so none is read: only what belongs to the request itself.
    @Test(arguments: [true, false]) func aRequestForAnotherProtocolIsTheLast(_ isUpgrade: Bool) throws {
        let channel = try connection()
        var head = HTTPRequestHead(version: .http1_1, method: isUpgrade ? .POST : .CONNECT, uri: "/me")
        if isUpgrade { head.headers = ["connection": "upgrade", "upgrade": "h2c"] }
        try channel.writeInbound(HTTPServerRequestPart.head(head))
        #expect(application.lastHead?.headers == ["connection": "close"])
        let reads = socket.reads
        channel.read()
        #expect(socket.reads == reads + 1, "the request has not ended")
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
        channel.read()
        #expect(socket.reads == reads + 1)
        try ask(channel)
        #expect(application.requests == [1, 1])
        #expect(channel.isActive)
        answer(channel)
        #expect(!channel.isActive)
        #expect(socket.reads == reads + 1)
    }

    /// What waits is dropped as a whole: the rest of a request whose head was dropped, too.
    @Test func whatHasNotBegunWhenTheNodeStopsIsDropped() throws {
        let channel = try connection()
        try ask(channel)
        try channel.writeInbound(
            HTTPServerRequestPart.head(HTTPRequestHead(version: .http1_1, method: .POST, uri: "/login")))
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        try channel.writeInbound(HTTPServerRequestPart.end(nil))
        #expect(application.requests == [1, 1])
        answer(channel)
        rounds.make()
        #expect(application.requests == [1, 1])
        #expect(!channel.isActive)
    }

    /// After a client closes a connection, everything that it sent is read at once, however much it is.
    @Test func whoSendsFarAheadIsClosed() throws {
        let channel = try connection()
        try ask(channel, 1 + RequestQueue.maximumRequests)
        #expect(channel.isActive)
        try ask(channel)
        #expect(!channel.isActive)
        try ask(channel, 10)
        #expect(application.heads == 1)
    }

    @Test func whoSendsALargeBodyAheadIsClosed() throws {
        let channel = try connection()
        try ask(channel)
        try channel.writeInbound(
            HTTPServerRequestPart.head(HTTPRequestHead(version: .http1_1, method: .POST, uri: "/login")))
        let part = HTTPServerRequestPart.body(ByteBuffer(repeating: 0, count: RequestQueue.maximumBytes / 2))
        try channel.writeInbound(part)
        try channel.writeInbound(part)
        #expect(channel.isActive)
        try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(repeating: 0, count: 1)))
        #expect(!channel.isActive)
    }

    @Test func whatEndsAConnectionWaitsForTheAnswersBeforeIt() throws {
        let channel = try connection()
        try ask(channel, 2)
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        channel.pipeline.fireErrorCaught(HTTPParserError.invalidVersion)
        answer(channel)
        rounds.make()
        #expect(application.requests == [2, 2])
        #expect(application.errors == 0)
        #expect(!application.isInputClosed)
        answer(channel)
        rounds.make()
        #expect(application.requests == [2, 2])
        #expect(application.errors == 1)
        #expect(application.isInputClosed)
    }

    @Test func anAnswerThatIsNotReadEndsTheConnection() throws {
        let channel = try connection()
        socket.isRead = false
        try ask(channel)
        loop.advanceTime(by: .seconds(1_000))
        #expect(channel.isActive)
        answer(channel)
        loop.advanceTime(by: .seconds(9))
        socket.readAll()
        loop.advanceTime(by: .seconds(1_000))
        #expect(channel.isActive)
        try ask(channel)
        answer(channel)
        loop.advanceTime(by: .seconds(10))
        #expect(!channel.isActive)
    }

    @Test func theConnectionThatHasWaitedTheLongestMakesRoom() throws {
        let places = ConnectionPlaces()
        let channels = try (0..<3).map { _ in
            let channel = EmbeddedChannel(loop: loop)
            try channel.pipeline.syncOperations.addHandlers(
                Socket(), RequestTurns(rounds: rounds, place: places.add(channel)), Application())
            channel.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
            return channel
        }
        // The first two have been answered since, in the other order.
        for index in [1, 0] {
            try ask(channels[index])
            answer(channels[index])
        }
        places.makeRoom(for: 1)
        #expect(channels.map(\.isActive) == [true, true, false])
        places.makeRoom(for: 1)
        #expect(channels.map(\.isActive) == [true, false, false])
        // One that is being answered stays, and leaves when it has its answer.
        try ask(channels[0])
        places.makeRoom(for: 1)
        #expect(channels[0].isActive)
        answer(channels[0])
        #expect(!channels[0].isActive)
    }

    @Test func aConnectionWhoseAnswerIsNotReadMakesRoom() throws {
        let places = ConnectionPlaces()
        let channel = try connection(places)
        socket.isRead = false
        try ask(channel)
        answer(channel)
        places.makeRoom(for: 1)
        #expect(!channel.isActive)
    }

    /// A connection's end is told twice: its number may be another connection's by then.
    @Test func aPlaceThatWasGivenUpHasNoOwner() {
        let places = ConnectionPlaces()
        let old = places.add(EmbeddedChannel(loop: loop))
        old.giveUp()
        let new = places.add(EmbeddedChannel(loop: loop))
        old.giveUp()
        new.beginTurn()
        #expect(new.endTurn() == .stay)
        let third = places.add(EmbeddedChannel(loop: loop))
        #expect(old.endTurn() == .leave)
        third.giveUp()
        #expect(new.endTurn() == .stay)
    }

    @Test func placesAreTakenInTheOrderInWhichTheyBeganToWait() {
        var order = WaitingOrder()
        let numbers = (0..<4).map { _ in order.add() }
        order.leave(numbers[1])
        order.enter(numbers[1])
        order.enter(numbers[0])
        order.remove(numbers[2])
        #expect(order.add() == numbers[2])
        let taken = (0..<5).map { _ in order.takeFirst() }
        #expect(taken == [numbers[0], numbers[3], numbers[1], numbers[2], nil])
    }

    /// Work that begins itself anew each time: a socket is looked at in between. Tasks would not let it.
    @Test func aRoundLooksAtTheSockets() async throws {
        final class Reader: ChannelInboundHandler {
            typealias InboundIn = ByteBuffer
            var hasRead = false
            func channelRead(context: ChannelHandlerContext, data: NIOAny) { hasRead = true }
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let directory = PipeRounds.Directory()
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let (input, output) = (ends[0], ends[1])
        let count = try await directory.rounds(of: loop).flatMap { rounds in
            let reader = Reader()
            let done = loop.makePromise(of: Int.self)
            let bound = NIOLoopBound((rounds.value, reader), eventLoop: loop)
            return NIOPipeBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(bound.value.1)
                    }
                }
                .takingOwnershipOfDescriptor(input: input)
                .flatMap { channel in
                    let (rounds, reader) = bound.value
                    var count = 0
                    func work() {
                        count += 1
                        if reader.hasRead || count == 10_000 { return done.succeed(count) }
                        rounds.afterNextRound(work)
                    }
                    #expect(write(output, "x", 1) == 1)
                    work()
                    return done.futureResult.flatMap { count in channel.close().map { count } }
                }
        }.get()
        #expect(count < 10)
        close(output)
        try await group.shutdownGracefully()
    }
}
