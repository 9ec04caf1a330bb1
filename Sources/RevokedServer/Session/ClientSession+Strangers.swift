import RESP
import Synchronization

extension ClientSession {
    /// Ends the conversation with a peer that speaks another protocol: it gets no answer, and nothing more is executed.
    mutating func dismiss(_ stranger: Stranger, _ context: inout ServingContext) {
        isClosing = true
        context.counters.add(to: .strangers)
        context.daemon.warn(
            of: stranger.noticeKind, "closed the connection of \(client.address): \(stranger.explanation)")
    }
}

extension ClientSession {
    /// Answers a typed line with a command that there is none of. A person reads the error before the next line: where
    /// more came with it, it is another protocol's, and the rest is not executed.
    mutating func refuseUnknownLine(_ arguments: Arguments, isFollowed: Bool, _ context: inout ServingContext) {
        if arguments.count > 1, let stranger = Stranger(unknownCommand: arguments[0], of: arguments[1]) {
            return dismiss(stranger, &context)
        }
        refuseUnknown(arguments, &context)
        if isFollowed, !isClosing { dismiss(.other, &context) }
    }

    /// Closes the connection of a client that has not authenticated and holds input, while all such clients together
    /// hold too much: they never take what clients with a password need.
    mutating func checkStrangers(_ context: inout ServingContext) {
        let limit = context.daemon.memory.strangerLimit
        guard context.daemon.counters.strangerInput.load(ordering: .relaxed) > limit else { return }
        context.daemon.warn(
            of: .unauthenticated,
            "closing \(client.address): clients that have not authenticated hold more than \(limit) bytes of requests")
        refuse(.unauthenticatedBulkLength, &context)
    }
}

extension Stranger {
    fileprivate var noticeKind: ClientNotices.Kind {
        switch self {
        case .http: .http
        case .tls: .tls
        case .other: .otherProtocol
        }
    }

    fileprivate var explanation: String {
        switch self {
        case .http:
            "it sent an HTTP request, of which nothing was executed. Metrics and health have a port of their own (--http); "
                + "if nobody here sends HTTP, a web page or a program that fetches URLs may have been made to"
        case .tls:
            "it began with TLS, and this port speaks plain text, so nothing was executed. TLS has a port of its own "
                + "(--tls-port); for this one use redis:// instead of rediss://"
        case .other:
            "it sent what no Redis client sends (a zero byte, another protocol's greeting, or a line with an unknown command "
                + "and more behind it); nothing of it was executed"
        }
    }
}
