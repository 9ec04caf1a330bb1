import NIOCore
import Persistence
import Synchronization

/// Channels of the portable transport with replies that wait for the log.
final class NIOLogObservers: Sendable {
    /// What a channel is told when the log has come further, or has failed.
    struct News: Sendable {}

    private let channels = Mutex([ObjectIdentifier: any Channel]())

    /// The channel is told once. Whoever calls this has to look at the log afterwards: the news may have come before.
    func add(_ channel: any Channel) { channels.withLock { $0[ObjectIdentifier(channel)] = channel } }

    func remove(_ channel: any Channel) { _ = channels.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) } }

    func tellAll() {
        let waiting = channels.withLock { channels in
            defer { channels = [:] }
            return channels.values
        }
        for channel in waiting { channel.pipeline.fireUserInboundEventTriggered(News()) }
    }
}
