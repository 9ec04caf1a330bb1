import NIOCore

/// How to find a store.
enum StoreAddress: Sendable, CustomStringConvertible {
    case fixed(StoreURL.Location)
    /// The primary that sentinels confirm at intervals.
    case sentinels(SentinelWatch)

    func location(on loop: any EventLoop) -> EventLoopFuture<StoreURL.Location> {
        switch self {
        case .fixed(let location): loop.makeSucceededFuture(location)
        case .sentinels(let watch): watch.locate(on: loop)
        }
    }

    /// Why a server must not be sent anything now; nil if it may.
    func objection(to location: StoreURL.Location, for purpose: StoreConnection.Purpose) -> StoreFailure? {
        switch self {
        case .fixed: nil
        case .sentinels(let watch): watch.objection(to: location, for: purpose)
        }
    }

    func close() {
        if case .sentinels(let watch) = self { watch.close() }
    }

    var description: String {
        switch self {
        case .fixed(let location): location.description
        case .sentinels(let watch): watch.description
        }
    }
}
