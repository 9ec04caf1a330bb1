import Logging
import Synchronization

extension OutputPolicy {
    /// Why a client is dropped.
    package enum Drop {
        case outputLimit, replyTooLong, messages, lostMessages, strangerOutput, memory, unread, blocked,
            unauthenticated, handshake

        package var reason: String {
            switch self {
            case .outputLimit: "it does not read its replies, and they have passed output-limit"
            case .replyTooLong: "one reply passed output-limit"
            case .messages: "it does not read its messages, and they have passed client-output-buffer-limit"
            case .lostMessages: "messages come faster than they can be sent, and it would miss some"
            case .strangerOutput: "it has not authenticated, and does not read its replies"
            case .memory: "it does not read its replies, and memory is needed"
            case .unread: "it has not read anything for 60 s"
            case .blocked: "it sends on and does not read its replies, and they have reached output-limit"
            case .handshake: "it has not completed the TLS handshake within 10 s"
            case .unauthenticated: "it has not authenticated within 10 s"
            }
        }
    }
}

extension Daemon {
    /// What waits on all connections together.
    var outputTotals: OutputPolicy.Totals {
        OutputPolicy.Totals(
            output: counters.waitingOutput.load(ordering: .relaxed),
            input: counters.waitingInput.load(ordering: .relaxed), limit: memory.clientLimit)
    }

    /// Logs and counts that a client is dropped.
    func note(_ drop: OutputPolicy.Drop, of address: String, _ counters: ThreadCounters) {
        switch drop {
        case .unauthenticated:
            counters.add(to: .unauthenticatedConnections)
            warn(of: .unauthenticated, "closing \(address): \(drop.reason)")
        case .handshake:
            counters.add(to: .failedHandshakes)
            warn(of: .handshake, "closing \(address): \(drop.reason)")
        case .messages, .lostMessages:
            counters.add(to: .slowSubscribers)
            warn(of: .output, "dropping \(address): \(drop.reason)")
        default: warn(of: .output, "dropping \(address): \(drop.reason)")
        }
    }
}

extension MemoryBudget {
    /// What may wait for all clients together, replies and requests each, in bytes: a quarter of `maxmemory`, within
    /// bounds.
    var clientLimit: Int { maximum > 0 ? min(1 << 30, max(64 << 20, maximum / 4)) : 1 << 30 }

    /// What the subscriptions of all clients together may take, in bytes.
    var subscriptionLimit: Int { clientLimit / 4 }

    /// What may wait of the requests of all clients together that have not authenticated, in bytes.
    var strangerLimit: Int { maximum > 0 ? min(8 << 20, max(1 << 20, maximum / 16)) : 8 << 20 }
}
