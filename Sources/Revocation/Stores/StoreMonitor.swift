import Logging
import Synchronization

/// Logs the events of all connections to a store, each warning once.
final class StoreMonitor: Sendable {
    private let logger: Logger
    private let warned = Mutex<[String]>([])

    init(_ logger: Logger, _ address: StoreAddress) {
        var logger = logger
        logger[metadataKey: "store"] = "\(address)"
        self.logger = logger
    }

    func see(_ event: StoreConnection.Event) {
        switch event {
        case .connected(let status):
            logger.debug("connected to the store")
            warn(status.warnings)
        case .examined(let status): warn(status.warnings)
        case .lost(let failure, let error):
            logger.warning("\(failure.message)", metadata: error.map { ["error": "\($0)"] })
        }
    }

    private func warn(_ warnings: [String]) {
        let areNew = warned.withLock { warned in
            defer { warned = warnings }
            return warned != warnings
        }
        guard areNew else { return }
        for warning in warnings { logger.warning("\(warning)") }
    }
}
