import NIOCore

/// Where a store is to be found.
enum StoreAddress: Sendable, CustomStringConvertible {
    case fixed(StoreURL.Location)
    /// Asked for before each connection, and again with each examination of it.
    case sentinels(SentinelLocator)

    func location(on loop: any EventLoop) -> EventLoopFuture<StoreURL.Location> {
        switch self {
        case .fixed(let location): loop.makeSucceededFuture(location)
        case .sentinels(let locator): locator.locate(on: loop)
        }
    }

    var description: String {
        switch self {
        case .fixed(let location): location.description
        case .sentinels(let locator): locator.description
        }
    }
}
