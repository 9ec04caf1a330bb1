import NIOCore
import NIOSSL
import Synchronization

#if os(Linux)
    import Glibc
#endif

/// Stands between a socket and its TLS. Bounds what a handshake may take, and closes without waiting for the peer.
final class TLSGate: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// The event that closes the connection at once, without a word to the peer.
    struct CloseAtOnce: Sendable {}

    /// What a client may send before its handshake is complete. A chain of certificates has 10 KiB.
    private static let handshakeLimit = 32 << 10
    /// Bytes of a handshake are counted from here on: a greeting that offers post-quantum keys has 2 KiB.
    private static let countedInput = 4 << 10

    private let daemon: Daemon
    /// What the client has sent during its handshake.
    private(set) var received = 0
    /// What of it counts among strangers' input.
    private var charged = 0
    private var isHandshaking = true

    init(_ daemon: Daemon) { self.daemon = daemon }

    func endHandshake() {
        isHandshaking = false
        charge(0)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isHandshaking else { return context.fireChannelRead(data) }
        received += unwrapInboundIn(data).readableBytes
        context.fireChannelRead(data)
        guard isHandshaking, received > Self.countedInput else { return }
        charge(received)
        let others = daemon.counters.strangerInput.load(ordering: .relaxed)
        guard received > Self.handshakeLimit || others > daemon.memory.strangerLimit else { return }
        context.fireErrorCaught(HandshakeTooLong())
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        charge(0)
        context.fireChannelInactive()
    }

    private func charge(_ bytes: Int) {
        daemon.counters.addInput(bytes - charged, ofStranger: true)
        charged = bytes
    }

    // MARK: Closing

    /// TLS closes the output when it has said that nothing more comes. The peer may take its time to answer that, so
    /// the connection does not wait for it.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        context.close(mode: mode == .output ? .all : mode, promise: promise)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard event is CloseAtOnce else { return context.triggerUserOutboundEvent(event, promise: promise) }
        context.close(promise: promise)
    }
}

/// A client sends more than a handshake has.
struct HandshakeTooLong: Error {}

/// The TLS of a connection until its handshake is complete.
struct Handshake {
    let gate: TLSGate
    let handler: NIOSSLServerHandler
    /// What it began under (``TLS/ServerTLS/trust``).
    let trust: Int

    /// It is complete.
    func end(_ channel: any Channel) {
        gate.endHandshake()
        #if os(Linux)
            // Nothing is sent now that could carry the acknowledgement of its last bytes, so that the kernel would hold
            // it back for 40 ms. A client without TCP_NODELAY sends its first command when it has it.
            let quickly = ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: TCP_QUICKACK))
            channel.setOption(quickly, value: 1).whenFailure { _ in }
        #endif
    }
}
