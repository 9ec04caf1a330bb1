import NIOCore
import Synchronization

/// Asks sentinels for the primary of a name (Redis Sentinel documentation, "Guidelines for Redis clients").
final class SentinelLocator: Sendable, CustomStringConvertible {
    private let sentinels: [StoreURL.Location]
    private let name: String
    private let encryption: StoreEncryption?
    private let timeout: TimeAmount
    /// Which of them answered last: it is asked first.
    private let favourite = Atomic(0)

    /// - Parameter timeout: for all of them together.
    init(_ sentinels: [StoreURL.Location], name: String, encryption: StoreEncryption?, timeout: TimeAmount) {
        precondition(!sentinels.isEmpty, "there is at least one sentinel")
        self.sentinels = sentinels
        self.name = name
        self.encryption = encryption
        self.timeout = .nanoseconds(timeout.nanoseconds / Int64(sentinels.count))
    }

    var description: String { "\(name) of \(sentinels.map(\.description).joined(separator: ","))" }

    func locate(on loop: any EventLoop) -> EventLoopFuture<StoreURL.Location> {
        ask(favourite.load(ordering: .relaxed), others: sentinels.count - 1, on: loop)
    }

    private func ask(_ index: Int, others: Int, on loop: any EventLoop) -> EventLoopFuture<StoreURL.Location> {
        answer(of: sentinels[index], on: loop).map { [self] location in
            favourite.store(index, ordering: .relaxed)
            return location
        }.flatMapError { [self] error in
            guard others > 0 else {
                return loop.makeFailedFuture(
                    StoreFailure(.unreachable, "no sentinel answers that it knows the primary of this name"))
            }
            return ask((index + 1) % sentinels.count, others: others - 1, on: loop)
        }
    }

    private func answer(of sentinel: StoreURL.Location, on loop: any EventLoop) -> EventLoopFuture<StoreURL.Location> {
        StoreChannelHandler.connect(to: sentinel, on: loop, encryption: encryption, timeout: timeout)
            .flatMap { [self] channel in
                StoreChannelHandler.call(
                    [Command("SENTINEL", "get-master-addr-by-name", name)], on: channel, timeout: timeout
                ).always { _ in channel.close(promise: nil) }
            }.flatMapThrowing { replies in
                guard case .array(let parts)? = replies.first, parts.count == 2, case .bulk(let host) = parts[0],
                    case .bulk(let digits) = parts[1], let port = Int(String(decoding: digits, as: UTF8.self))
                else { throw StoreFailure.unexpectedReply }
                return .tcp(host: String(decoding: host, as: UTF8.self), port: port)
            }
    }
}
