import NIOCore
import NIOPosix
import Revocation
import Synchronization

/// A server on loopback that says whatever a test wants, and counts what it is told.
final class FakeStore: Sendable {
    /// What the server does about one command.
    enum Answer: Sendable {
        /// These bytes, as they are.
        case bytes(String)
        case binary([UInt8])
        case nothing
        /// These bytes, then the connection ends.
        case last(String)
        /// These bytes, and whatever follows on the connection, once the test releases them.
        case held(String)
    }

    fileprivate struct Release: Sendable {}

    typealias Script = @Sendable ([String]) -> Answer

    fileprivate struct Seen {
        var reads = 0
        var commands: [[String]] = []
        var connections: [any Channel] = []
        /// Those that asked for a stream.
        var streams: [any Channel] = []
        var connectionCount = 0
    }

    fileprivate let seen = Mutex(Seen())
    fileprivate let script: Mutex<Script>
    private let channel: Mutex<(any Channel)?> = Mutex(nil)

    /// - Parameter information: what `INFO` answers, whatever the section.
    /// - Parameter script: answers every command but `INFO`, `TIME` and `CLIENT`.
    init(information: String = "server_name:revoked\r\n", _ script: @escaping Script) async throws {
        self.script = Mutex { command in
            switch command.first {
            case "INFO": .bytes(bulk(information))
            case "TIME": .bytes(time())
            case "CLIENT": .bytes("-ERR unknown command\r\n")
            default: script(command)
            }
        }
        try await listen(port: 0)
    }

    /// Answers every `MGET` with nothing but this epoch, and every `SETEX` with OK.
    static func healthy(epoch: String = "epoch") async throws -> FakeStore {
        try await FakeStore { answerHealthily($0, epoch: epoch) }
    }

    func answer(_ script: @escaping Script) {
        self.script.withLock { $0 = script }
    }

    func listen(port: Int) async throws {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [self] channel in
                seen.withLock {
                    $0.connections.append(channel)
                    $0.connectionCount += 1
                }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FakeStoreHandler(self))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        channel.withLock { $0 = listener }
    }

    var port: Int { channel.withLock { $0?.localAddress?.port } ?? 0 }
    var url: String { "redis://127.0.0.1:\(port)" }
    /// How often bytes arrived: about as often as the client wrote.
    var reads: Int { seen.withLock { $0.reads } }
    var commands: [[String]] { seen.withLock { $0.commands } }
    /// Connections accepted so far, ended ones included.
    var connectionCount: Int { seen.withLock { $0.connectionCount } }

    var openConnectionCount: Int { seen.withLock { $0.connections.count { $0.isActive } } }

    func forgetCounts() {
        seen.withLock {
            $0.reads = 0
            $0.commands = []
        }
    }

    /// Sends a reply without a command, on every connection.
    func say(_ text: String) {
        for connection in seen.withLock({ $0.connections }) {
            connection.writeAndFlush(ByteBuffer(string: text), promise: nil)
        }
    }

    /// Sends bytes on every connection that asked for a stream.
    func stream(_ bytes: [UInt8]) {
        for connection in seen.withLock({ $0.streams }) where connection.isActive {
            connection.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        }
    }

    /// Sends what was held back. What is held from now on waits for the next call.
    func release() {
        for connection in seen.withLock({ $0.connections }) where connection.isActive {
            connection.pipeline.fireUserInboundEventTriggered(Release())
        }
    }

    func dropStreams() {
        for connection in seen.withLock({ $0.streams }) { connection.close(promise: nil) }
    }

    func dropConnections() {
        for connection in seen.withLock({ $0.connections }) { connection.close(promise: nil) }
    }

    func stop() async {
        dropConnections()
        let listener = channel.withLock { $0 }
        try? await listener?.close()
    }
}

/// A bulk string.
func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }

/// The reply to an `MGET` of so many keys, the epoch last.
func values(_ keyCount: Int, epoch: String?) -> String {
    "*\(keyCount)\r\n" + String(repeating: "$-1\r\n", count: keyCount - 1) + (epoch.map(bulk) ?? "$-1\r\n")
}

/// The reply to `TIME`; by default what the tests' own clock says.
func time(_ milliseconds: Int64 = configuration().wallClock()) -> String {
    "*2\r\n" + bulk("\(milliseconds / 1_000)") + bulk("\(milliseconds % 1_000 * 1_000)")
}

func answerHealthily(_ command: [String], epoch: String = "epoch") -> FakeStore.Answer {
    switch command.first {
    case "INFO": .bytes(bulk("server_name:revoked\r\n"))
    case "TIME": .bytes(time())
    case "MGET": .bytes(healthyValues(Array(command.dropFirst()), epoch: epoch))
    case "SETEX", "AUTH", "CLIENT": .bytes("+OK\r\n")
    default: .bytes("-ERR unknown command\r\n")
    }
}

/// The reply to an `MGET` of a store that holds nothing but its epoch and the terms of one issuer.
func healthyValues(_ keys: [String], epoch: String = "epoch") -> String {
    "*\(keys.count)\r\n"
        + keys.map { key in
            switch key {
            case "revoked.epoch": bulk(epoch)
            case "revoked.terms": bulk(sampleTerms)
            default: "$-1\r\n"
            }
        }.joined()
}

/// The terms of ``healthyValues(_:epoch:)``.
let sampleTerms = #"{"issuers":[{"lead":0,"lifetimes":[{"ms":2592000000,"since":0}]}],"leeway":0,"v":1}"#

private final class FakeStoreHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let store: FakeStore
    private var received = ByteBuffer()
    private var held: ByteBuffer?

    init(_ store: FakeStore) { self.store = store }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        store.seen.withLock { $0.reads += 1 }
        while let command = received.readCommand() {
            store.seen.withLock {
                $0.commands.append(command)
                if command.first == "PSYNC" { $0.streams.append(context.channel) }
            }
            switch store.script.withLock({ $0 })(command) {
            case .bytes(let text): write(ByteBuffer(string: text), context)
            case .binary(let bytes): write(ByteBuffer(bytes: bytes), context)
            case .nothing: break
            case .last(let text):
                write(ByteBuffer(string: text), context)
                context.close(promise: nil)
            case .held(let text):
                held = held ?? ByteBuffer()
                held?.writeString(text)
            }
        }
    }

    private func write(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        if held != nil {
            held?.writeImmutableBuffer(bytes)
        } else {
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is FakeStore.Release, let bytes = held.take() else { return }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }
}

extension ByteBuffer {
    /// Reads a command, if the whole of it is there.
    mutating func readCommand() -> [String]? {
        var rest = self
        guard let count = rest.readCommandNumber() else { return nil }
        var words: [String] = []
        for _ in 0..<count {
            guard let length = rest.readCommandNumber(), let word = rest.readString(length: length),
                rest.readString(length: 2) != nil
            else { return nil }
            words.append(word)
        }
        self = rest
        return words
    }

    /// The number behind `*` or `$`.
    private mutating func readCommandNumber() -> Int? {
        guard let end = readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let line = readString(length: end - readerIndex + 1) ?? ""
        return Int(line.dropFirst().dropLast())
    }
}
