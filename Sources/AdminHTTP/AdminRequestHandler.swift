import NIOCore
import NIOHTTP1

/// Answers one request, then closes.
final class AdminRequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: AdminServer.Answer
    private var head: HTTPRequestHead?
    private var isAnswered = false

    init(_ answer: @escaping AdminServer.Answer) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        // What a GET has for a body concerns nobody.
        case .body: break
        case .end:
            guard let head, !isAnswered else { return }
            isAnswered = true
            respond(to: head, context)
        }
    }

    private func respond(to head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard head.method == .GET || head.method == .HEAD else {
            return write(.plain(.methodNotAllowed), context, withBody: true)
        }
        let path = String(head.uri.prefix { $0 != "?" })
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.makeFutureWithTask { [answer] in await answer(path) ?? .plain(.notFound) }
            .whenSuccess { response in
                let (handler, context) = bound.value
                handler.write(response, context, withBody: head.method == .GET)
            }
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
