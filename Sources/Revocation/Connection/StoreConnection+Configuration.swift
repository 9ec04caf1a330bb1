import NIOCore

extension StoreConnection {
    /// What a connection is for.
    enum Purpose: Sendable { case check, write }

    struct Configuration: Sendable {
        let address: StoreAddress
        var purpose = Purpose.write
        let access: StoreURL.Access
        let encryption: StoreEncryption?
        let connectTimeout: TimeAmount
        let commandTimeout: TimeAmount
        let acceptedEvictionPolicies: Set<String>
        let acceptsReplica: Bool
        /// Of the keys of revocations; nil where none is read or written.
        let prefix: String?
        let flushesEachCommand: Bool
        let whenWritten: (@Sendable (Int) -> Void)?
        /// Our clock, in Unix milliseconds.
        let wallClock: @Sendable () -> Int64
        let bootClock: @Sendable () -> ContinuousClock.Instant
        /// The interval of examinations. Nothing else tells when a primary becomes a replica or a clock is set.
        let examinationInterval: TimeAmount
        /// Called when the connection is made, examined or lost.
        let report: @Sendable (Event) -> Void
        /// Shared by all copies of this configuration.
        let peers = ConnectionPeers()

        init(
            address: StoreAddress, access: StoreURL.Access, encryption: StoreEncryption?,
            configuration: RevocationConfiguration, examinationInterval: TimeAmount = .seconds(60),
            report: @escaping @Sendable (Event) -> Void
        ) {
            self.address = address
            self.access = access
            self.encryption = encryption
            connectTimeout = TimeAmount(configuration.connectTimeout)
            commandTimeout = TimeAmount(configuration.commandTimeout)
            acceptedEvictionPolicies = configuration.acceptedEvictionPolicies
            acceptsReplica = configuration.acceptsReplica
            prefix = configuration.acceptsEveryPrefix ? nil : configuration.namespace.prefix
            flushesEachCommand = configuration.flushesEachCommand
            whenWritten = configuration.whenWritten
            wallClock = configuration.wallClock
            bootClock = configuration.bootClock
            self.examinationInterval = examinationInterval
            self.report = report
        }
    }

    enum Event: Sendable {
        case connected(StoreStatus)
        /// Reported at each examination.
        case examined(StoreStatus)
        /// Reported once, not for each further attempt that fails alike. The error is the system's, if there is one.
        case lost(StoreFailure, (any Error)?)
    }
}
