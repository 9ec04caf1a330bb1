import Logging
import Synchronization

/// What a store's connections find out: kept for whoever asks, and written to the log once, not once for each of them.
final class StoreWatch: Sendable {
    private let logger: Logger
    private let latest = Mutex<StoreCondition?>(nil)

    init(_ logger: Logger, _ address: StoreAddress) {
        var logger = logger
        logger[metadataKey: "store"] = "\(address)"
        self.logger = logger
    }

    /// The latest that is known; nil if no connection has been made yet.
    var condition: StoreCondition? { latest.withLock { $0 } }

    func see(_ event: StoreConnection.Event) {
        switch event {
        case .connected(let condition):
            logger.debug("connected to the store")
            update(condition)
        case .examined(let condition): update(condition)
        case .lost(let failure, let error):
            logger.warning("\(failure.message)", metadata: error.map { ["error": "\($0)"] })
        }
    }

    private func update(_ condition: StoreCondition) {
        let hasNewWarnings = latest.withLock { latest in
            defer { latest = condition }
            return (latest?.warnings ?? []) != condition.warnings
        }
        guard hasNewWarnings else { return }
        for warning in condition.warnings { logger.warning("\(warning)") }
    }
}
