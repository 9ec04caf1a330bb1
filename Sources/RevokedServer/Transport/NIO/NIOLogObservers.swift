import NIOCore
import Persistence
import Synchronization

/// Channels of the portable transport with replies that wait for the log.
final class NIOLogObservers: Sendable {
    /// The event for a channel: the log has acknowledged more, or has failed.
    struct LogDidAdvance: Sendable {}

    private let channels = Mutex([ObjectIdentifier: any Channel]())

    /// The channel gets one event. The caller reads the log's position after this call: the log may have advanced
    /// before.
    func add(_ channel: any Channel) { channels.withLock { $0[ObjectIdentifier(channel)] = channel } }

    func remove(_ channel: any Channel) { _ = channels.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) } }

    func logDidAdvance() {
        let waiting = channels.withLock { channels in
            defer { channels = [:] }
            return channels.values
        }
        for channel in waiting {
            // Never at once: a command of the same loop may be under way.
            channel.eventLoop.execute { channel.pipeline.fireUserInboundEventTriggered(LogDidAdvance()) }
        }
    }
}
