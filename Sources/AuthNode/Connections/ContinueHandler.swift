import NIOCore
import NIOHTTP1

/// Tells a client that waits with its body (`Expect: 100-continue`) to send it: curl waits for a second otherwise. A
/// body that will be refused is not asked for.
final class ContinueHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data), head.version == .http1_1,
            head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" }),
            head.headers.first(name: "content-length").flatMap({ Int($0) }) ?? 0 <= NodeContext.maximumBodyBytes
        {
            let response = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(response)), promise: nil)
        }
        context.fireChannelRead(data)
    }
}
