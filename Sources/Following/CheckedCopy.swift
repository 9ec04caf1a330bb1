import NIOCore
import RESP
import Revocation

/// The copy that a conversation answers from.
protocol CheckedCopy: Sendable {
    associatedtype Reading: CopyReading

    /// Milliseconds of the boot clock.
    var now: Int64 { get }
    func isGuarded(_ key: RawSpan) -> Bool
    /// - Returns: nil if no lease is held.
    func begin() -> Reading?
    /// Whether what was read counts.
    func holds(_ reading: Reading) -> Bool
    func read<Result>(_ key: RawSpan, _ reading: Reading, _ body: (_ value: RawSpan, _ expiry: Int64) -> Result)
        -> Result?
    func epoch(_ reading: Reading) -> [UInt8]?
    func count(isLocal: Bool)
    /// A connection to the daemon, without a word said on it.
    func connect(
        on loop: any EventLoop, _ handler: @escaping @Sendable () -> any ChannelHandler
    ) -> EventLoopFuture<any Channel>
}

protocol CopyReading: Sendable {
    var begun: Int64 { get }
    var guarded: Int64 { get }
    var askedAt: Int64 { get }
}

extension FollowedCopy: CheckedCopy {}
extension FollowedCopy.Reading: CopyReading {}
