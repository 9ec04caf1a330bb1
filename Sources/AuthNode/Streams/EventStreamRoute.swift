import Contract
import HTTPTypes
import Hummingbird
import NIOCore
import Revocation
import RevocationHTTP
import ServiceLifecycle

/// `GET /events`: Server-Sent Events for the bearer of a token, which end when the token does. A page learns so that
/// its user was logged out elsewhere. ``RevocationHTTP/RevocationMiddleware`` runs before it.
struct EventStreamRoute: Sendable {
    private static let headers: HTTPFields = [
        .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
        // nginx would keep events until a buffer is full.
        .init("X-Accel-Buffering")!: "no",
    ]
    /// Proxies close what is silent for a minute.
    private static let silence = Duration.seconds(15)

    let tokens: any TokenWatching
    let policy: FailurePolicy
    let places: StreamPlaces

    func handle(_ request: Request, context: NodeContext) async throws -> Response {
        guard context.method != .head, let claims = context.tokenClaims else {
            return Response(status: .ok, headers: Self.headers)
        }
        let place = try places.take(for: claims.subject ?? claims.client ?? "")
        return Response(
            status: .ok, headers: Self.headers,
            body: ResponseBody { [self] writer in
                // Given back with the answer, whether it is sent or not.
                defer { withExtendedLifetime(place) {} }
                let (events, output) = AsyncStream<ServerSentEvent>.makeStream(bufferingPolicy: .bufferingNewest(4))
                async let end: Void = follow(claims, output)
                for await event in events { try await writer.write(event.bytes) }
                await end
                try await writer.finish(nil)
            })
    }

    private func follow(_ claims: TokenClaims, _ output: AsyncStream<ServerSentEvent>.Continuation) async {
        defer { output.finish() }
        do {
            try await cancelWhenGracefulShutdown {
                try await tokens.withToken(claims, policy: policy) {
                    output.yield(.open)
                    while true {
                        try await Task.sleep(for: Self.silence)
                        output.yield(.silence)
                    }
                }
            }
        } catch let end as TokenEnd {
            output.yield(.ended(end))
        } catch {
            // The connection is closed, or the node ends: the page connects again.
        }
    }
}

/// What a page hears (WHATWG HTML, *Server-sent events*).
enum ServerSentEvent: Sendable {
    case open
    /// A comment line of the stream: proxies close connections that are silent.
    case silence
    /// The last one.
    case ended(TokenEnd)

    var bytes: ByteBuffer {
        switch self {
        case .open: ByteBuffer(string: "event: open\ndata: {}\n\n")
        case .silence: ByteBuffer(string: ": still here\n\n")
        case .ended(let end): ByteBuffer(string: "event: end\ndata: {\"because\":\"\(end.word)\"}\n\n")
        }
    }
}

extension TokenEnd {
    fileprivate var word: String {
        switch self {
        case .revoked: "revoked"
        case .expired: "expired"
        case .unproven: "unknown"
        }
    }
}
