import NIOCore
import Replication

/// The connection on which a follower reads the daemon's stream: log-in, `PSYNC`, then what ``StreamIn`` reads.
///
/// Used on the channel's event loop only.
final class FollowerStreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The longest answer to a command before `PSYNC`, in bytes.
    private static let maximumLine = 1_024

    private enum Phase {
        /// Answers to so many commands are awaited. Whether each must be OK.
        case entrance([Bool])
        case stream
        case ended
    }

    private let owner: Follower
    private var phase: Phase
    private let commands: [Command]
    private var line: [UInt8] = []

    /// - Parameter commands: those before `PSYNC`, and whether their answers must be OK.
    init(_ owner: Follower, _ commands: [(Command, mustSucceed: Bool)]) {
        self.owner = owner
        self.commands = commands.map(\.0)
        phase = .entrance(commands.map(\.mustSucceed))
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        var output = context.channel.allocator.buffer(capacity: 256)
        for command in commands { output.write(command) }
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        do throws(StreamError) {
            while case .entrance(let left) = phase, let answer = try nextLine(&buffer) {
                try enter(answer, left, context)
            }
            guard case .stream = phase, buffer.readableBytes > 0 else { return }
            if let position = try buffer.readableBytesUInt8Span.bytes.read(by: owner) {
                send([Command("REPLCONF", "ACK", "\(position.offset)")], context)
            }
        } catch {
            end(context, error)
        }
    }

    /// A line that has arrived whole.
    private func nextLine(_ buffer: inout ByteBuffer) throws(StreamError) -> [UInt8]? {
        while let byte = buffer.readInteger(as: UInt8.self) {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                guard line.count <= Self.maximumLine else { throw .damaged("an answer that is too long") }
                continue
            }
            defer { line.removeAll(keepingCapacity: true) }
            return line
        }
        return nil
    }

    private func enter(
        _ answer: [UInt8], _ left: [Bool], _ context: ChannelHandlerContext
    ) throws(StreamError) {
        if left[0], !answer.starts(with: "+OK".utf8) {
            let word = answer.dropFirst().prefix { $0 != UInt8(ascii: " ") }.prefix(32)
            throw .refused(answer.first == UInt8(ascii: "-") ? String(decoding: word, as: UTF8.self) : "")
        }
        guard left.count == 1 else {
            phase = .entrance(Array(left.dropFirst()))
            return
        }
        let request = owner.beginStream()
        phase = .stream
        send([Command("PSYNC", request.stretch, request.offset)], context)
    }

    private func send(_ commands: [Command], _ context: ChannelHandlerContext) {
        var output = context.channel.allocator.buffer(capacity: 128)
        for command in commands { output.write(command) }
        context.writeAndFlush(wrapOutboundOut(output), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(context, nil)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end(context, nil) }

    /// - Parameter error: nil if the connection was lost.
    private func end(_ context: ChannelHandlerContext, _ error: StreamError?) {
        if case .ended = phase { return }
        phase = .ended
        owner.streamEnded(error)
        context.close(promise: nil)
    }
}

extension RawSpan {
    fileprivate func read(by owner: Follower) throws(StreamError) -> StreamIn.Position? { try owner.read(self) }
}
