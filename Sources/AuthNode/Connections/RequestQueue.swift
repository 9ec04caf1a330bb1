import NIOCore
import NIOHTTP1

/// What has been decoded of a connection and waits for its turn: one request is handled at a time.
///
/// Without it a connection that sends requests back to back keeps its event loop busy: the task that answers them finds
/// the next one decoded already, and never suspends.
struct RequestQueue {
    /// What arrives, in order.
    enum Arrival {
        case part(HTTPServerRequestPart)
        case failure(any Error)
        case inputClosed
    }

    /// What becomes of it.
    enum Admission {
        case deliver
        case hold
        /// More waits than a connection may send ahead.
        case refuse
        /// The connection's last request has come.
        case drop
    }

    /// Requests that may wait behind the one that is being answered.
    static let maximumRequests = 64
    /// Bytes of bodies that may wait.
    static let maximumBytes = 32 << 10

    private enum State {
        /// Nothing is to be answered.
        case idle
        /// A request was delivered, and its answer has not been taken.
        case answering
        /// The answer was taken, and the event loop has not looked at its sockets since.
        case resting
    }

    private var state = State.idle
    /// Whether the request that was delivered last has not ended.
    private var isReceiving = false
    /// Whether nothing is delivered behind the request that was delivered last.
    private(set) var isLast = false
    private var held = CircularBuffer<Arrival>()
    private var requests = 0
    private var bytes = 0

    /// Whether more is to be read: nothing waits, and more is expected.
    var wantsMore: Bool { held.isEmpty && (isReceiving || !isLast) }

    /// Whether a request has been delivered to its end, and is to be answered.
    var isAnswering: Bool { state == .answering && !isReceiving }

    mutating func admit(_ arrival: Arrival) -> Admission {
        guard isReceiving || !isLast else { return .drop }
        guard held.isEmpty, mayDeliver(arrival) else { return hold(arrival) }
        noteDelivery(arrival)
        return .deliver
    }

    /// The answer has been taken.
    /// - Returns: whether something waits for its turn, once the loop has looked at its sockets.
    mutating func answered() -> Bool {
        state = held.isEmpty ? .idle : .resting
        return state == .resting
    }

    /// Ends the rest.
    mutating func rested() { if state == .resting { state = .idle } }

    /// - Returns: what is to be delivered next, if anything may be.
    mutating func next() -> Arrival? {
        guard isReceiving || !isLast, let first = held.first, mayDeliver(first) else { return nil }
        held.removeFirst()
        switch first {
        case .part(.head): requests -= 1
        case .part(.body(let body)): bytes -= body.readableBytes
        default: break
        }
        noteDelivery(first)
        return first
    }

    /// Forgets what waits, and takes nothing more but the rest of the request that was delivered last.
    mutating func finish() {
        isLast = true
        held = CircularBuffer()
        (requests, bytes) = (0, 0)
    }

    /// What belongs to the request that was delivered last may follow it; everything else waits for the answer.
    private func mayDeliver(_ arrival: Arrival) -> Bool {
        switch arrival {
        case .part(.head): state == .idle
        case .part: true
        case .failure, .inputClosed: isReceiving || state == .idle
        }
    }

    private mutating func noteDelivery(_ arrival: Arrival) {
        switch arrival {
        case .part(.head(let head)):
            (state, isReceiving) = (.answering, true)
            if head.asksForAnotherProtocol { isLast = true }
        case .part(.end): isReceiving = false
        default: break
        }
    }

    private mutating func hold(_ arrival: Arrival) -> Admission {
        switch arrival {
        case .part(.head): requests += 1
        case .part(.body(let body)): bytes += body.readableBytes
        default: break
        }
        guard requests <= Self.maximumRequests, bytes <= Self.maximumBytes else { return .refuse }
        held.append(arrival)
        return .hold
    }
}

extension HTTPRequestHead {
    /// Whether the decoder may take what follows for another protocol (`Upgrade`, RFC 9110 §7.8, and CONNECT, §9.3.6).
    /// It parses nothing more then and keeps every byte, so nothing more may be read.
    var asksForAnotherProtocol: Bool { method == .CONNECT || headers.contains(name: "upgrade") }
}
