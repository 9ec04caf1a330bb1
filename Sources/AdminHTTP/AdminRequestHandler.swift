import NIOCore
import NIOHTTP1

/// Answers one request, then closes.
final class AdminRequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// A request's body is read no further than this: nothing is done with it.
    private static let maximumBody = 64 << 10

    private let answer: AdminServer.Answer
    private let answersAnyHost: Bool
    private let noteRequest: () -> Void
    private var bodyBytes = 0
    private var head: HTTPRequestHead?
    private var isAnswered = false

    /// - Parameters:
    ///   - answersAnyHost: whatever host a request names; else as ``RequestHost`` says.
    ///   - noteRequest: called when a request is complete.
    init(_ answer: @escaping AdminServer.Answer, answersAnyHost: Bool, noteRequest: @escaping () -> Void) {
        self.answer = answer
        self.answersAnyHost = answersAnyHost
        self.noteRequest = noteRequest
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            // Nobody has to send a body first that is not read.
            if head.method != .GET, head.method != .HEAD { begin(context) }
        case .body(let body):
            bodyBytes += body.readableBytes
            if bodyBytes > Self.maximumBody { context.close(promise: nil) }
        case .end: begin(context)
        }
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard let head, !isAnswered else { return }
        isAnswered = true
        noteRequest()
        respond(to: head, context)
    }

    private func respond(to head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard answersAnyHost || RequestHost.isLocal(head.headers) else {
            return write(.misdirected, context, withBody: head.method != .HEAD)
        }
        guard head.method == .GET || head.method == .HEAD else {
            return write(.plain(.methodNotAllowed), context, withBody: true)
        }
        guard let path = Self.path(of: head.uri) else {
            return write(.plain(.notFound), context, withBody: head.method == .GET)
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.makeFutureWithTask { [answer] in await answer(path) ?? .plain(.notFound) }
            .whenSuccess { response in
                let (handler, context) = bound.value
                handler.write(response, context, withBody: head.method == .GET)
            }
    }

    /// - Returns: nil if it is not ASCII, as every path of ours is: to compare other text may take the square of its
    ///   length.
    static func path(of target: String) -> String? {
        target.utf8.allSatisfy { $0 < 0x80 } ? String(target.prefix { $0 != "?" }) : nil
    }

    private func write(_ response: AdminResponse, _ context: ChannelHandlerContext, withBody: Bool) {
        var headers = HTTPHeaders([
            ("Content-Type", response.contentType), ("Content-Length", "\(response.body.utf8.count)"),
            ("Connection", "close"), ("Cache-Control", "no-store"),
        ])
        if response.status == .methodNotAllowed { headers.add(name: "Allow", value: "GET, HEAD") }
        if response.status == .serviceUnavailable { headers.add(name: "Retry-After", value: "1") }
        let head = HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if withBody {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: response.body)))), promise: nil)
        }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
