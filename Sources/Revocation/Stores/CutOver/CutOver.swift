import Contract
package import Logging

/// Moves from a stock Redis or Valkey to a daemon that imports it, without a gap (Operating, *Moving from Redis*).
///
/// 1. The source's epoch becomes one that no client of this library believes: from then on neither a `.clear` of the
///    source counts, nor an acknowledgement, whatever is accepted.
/// 2. Its writes are paused, for those who write without an epoch.
/// 3. The daemon has come as far as the source, and keeps it; its clock has passed the source's.
/// 4. The import is ended, and the daemon's epoch accepted in the place of the source's.
///
/// If anything fails before the import has ended, the first two are taken back. Whatever an attempt that was killed has
/// left, the next one goes on from there.
package struct CutOver {
    package struct Outcome: Sendable, Equatable {
        /// What clients of the source had pinned; nil if it had no epoch.
        package let replaced: String?
        /// The daemon's epoch.
        package let epoch: String
        /// Bytes of the source's stream that the daemon has.
        package let offset: UInt64
    }

    /// Between two looks at how far the daemon is.
    private static let interval = Duration.milliseconds(50)
    private static let commandTimeout = Duration.seconds(10)
    /// Bytes of the `PING` that a stock server sends its replicas every 10 s. No write takes so few.
    private static let pingLength: UInt64 = 14

    /// What the daemon says of itself.
    private struct DaemonState {
        let identity: Epoch.Identity
        let information: Information

        var hasEnded: Bool { information["import_state"] == "ended" }
    }

    private let source: Store
    private let daemon: Store
    private let now: @Sendable () -> ContinuousClock.Instant

    /// - Parameters:
    ///   - source: the URL of the server that is left.
    ///   - daemon: that of ours. Its user may administer.
    ///   - sourceConfiguration: only its password and its TLS are used.
    ///   - now: the clock by which the source's pause is over.
    package init(
        from source: String, _ sourceConfiguration: RevocationConfiguration, to daemon: String,
        _ configuration: RevocationConfiguration, logger: Logger,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) throws(RevocationError) {
        self.now = now
        self.source = try Store(source, sourceConfiguration, "the source", timeout: Self.commandTimeout, logger)
        self.daemon = try Store(daemon, configuration, "the daemon", timeout: Self.commandTimeout, logger)
    }

    /// - Parameters:
    ///   - pause: for how long the source takes no writes.
    ///   - patience: for how long the daemon may take to come as far; less than `pause`.
    package func run(pause: Duration, patience: Duration) async throws(RevocationError) -> Outcome {
        let state = try await daemonState()
        let (held, pinned) = try await sourceEpoch(state.identity)
        if state.hasEnded, let held, let pinned, held != pinned {
            return try await finish(state, replacing: pinned, held, pause, patience)
        }
        guard !state.hasEnded || pinned != nil else { throw .endedWithoutEpoch }
        try Self.requireFollowing(state.information, try await source.information())
        let mark = pinned.map {
            Epoch.Identity(leaving: $0, for: state.identity.epoch, attempt: .random(in: 0 ... .max)).bytes
        }
        do throws(RevocationError) {
            if let held, let mark { try await self.mark(mark, over: held) }
            let pausedUntil = now() + pause
            try await self.pause(for: pause)
            try await waitForDaemon(patience)
            guard pausedUntil - now() > pause / 4 else {
                throw .notCutOver("the pause of the source is nearly over: give it more time")
            }
            if let mark, try await source.value(of: Epoch.key) != mark {
                throw .notCutOver("another cut-over has begun")
            }
            try await endImport()
            return try await complete(state.identity, replacing: pinned, mark, pausedUntil, patience)
        } catch {
            throw await takeBack(mark, pinned, after: error)
        }
    }

    private func pause(for pause: Duration) async throws(RevocationError) {
        try await source.requireOK(Command("CLIENT", "PAUSE", "\(Int64(pause / .milliseconds(1)))", "WRITE"))
    }

    package func close() async {
        await source.close()
        await daemon.close()
    }

    // MARK: Before

    private func daemonState() async throws(RevocationError) -> DaemonState {
        let (ours, theirs) = (try await daemon.information(), try await source.information())
        guard ours["server_name"] == "revoked" else { throw .notCutOver("--backend names no revoked daemon") }
        guard theirs["server_name"] != "revoked", theirs["role"] == "master" else {
            throw .notCutOver("--from names no stock server that is a primary")
        }
        guard let identity = Epoch.Identity(try await daemon.value(of: Epoch.key)) else {
            throw RevocationError(.epochMissing, "the daemon has no epoch, which it should make itself")
        }
        return DaemonState(identity: identity, information: ours)
    }

    private static func requireFollowing(_ ours: Information, _ theirs: Information) throws(RevocationError) {
        let state = ours["import_state"] ?? "off"
        guard state == "following" else {
            let problem = ours["import_problem"].map { $0.isEmpty ? "" : ": \($0)" } ?? ""
            throw .notCutOver("the daemon does not follow (import_state \(state)\(problem))")
        }
        guard let stretch = ours["import_replid"], stretch == theirs["master_replid"] else {
            throw .notCutOver("the daemon follows another server than --from, or has not come back to it yet")
        }
    }

    /// The source's epoch, or the mark of an attempt before; and what its clients have pinned. Nil if it has no epoch.
    private func sourceEpoch(
        _ daemon: Epoch.Identity
    ) async throws(RevocationError) -> (held: [UInt8]?, pinned: [UInt8]?) {
        let held = try await source.value(of: Epoch.key)
        guard let identity = Epoch.Identity(held) else { return (nil, nil) }
        guard let replaced = identity.replaced else { return (held, identity.epoch) }
        guard let successor = identity.successor else {
            throw RevocationError(
                .epochChanged, "the source may have lost revocations, and no operator has accepted that: do so first")
        }
        guard successor == daemon.epoch else {
            throw RevocationError(
                .epochChanged,
                """
                the source was left for another daemon, with the epoch \(String(decoding: successor, as: UTF8.self)): \
                cut over to that one, or, if its import has not ended, go back with SET revoked.epoch \
                \(String(decoding: replaced, as: UTF8.self)) on the source
                """)
        }
        return (held, replaced)
    }

    /// Clients of the source do not believe it any more.
    /// - Parameter held: what was read. A source that has lost it since, or that another attempt has marked, stays as
    ///   it is, and paused.
    private func mark(_ mark: [UInt8], over held: [UInt8]) async throws(RevocationError) {
        guard try await source.value(of: Epoch.key) == held else { throw .epochHasChanged }
        // After an attempt that was killed it may still be paused, and take no mark.
        try await source.requireOK(Command("CLIENT", "UNPAUSE"))
        guard try await source.replace(Epoch.key, held, with: mark) else { throw .epochHasChanged }
    }

    // MARK: Meanwhile

    private func waitForDaemon(_ patience: Duration) async throws(RevocationError) {
        let (theirs, time) = (try await source.information(), try await source.time())
        guard let offset = theirs["master_repl_offset"].flatMap({ UInt64($0) }) else {
            throw .notCutOver("the source does not say how far its stream is")
        }
        let deadline = now() + patience
        while true {
            let ours = try await daemon.information()
            try Self.requireFollowing(ours, theirs)
            let hasAll = ours["import_offset"].flatMap { UInt64($0) }.map { $0 >= offset } ?? false
            if hasAll { return try await waitForClock(past: time, until: deadline) }
            try await pauseBetweenLooks(until: deadline, "the daemon has not come as far as the source")
        }
    }

    /// A log-in that read the source's time is to be behind each cut-off that the daemon's time is put into.
    private func waitForClock(
        past time: Int64, until deadline: ContinuousClock.Instant
    ) async throws(RevocationError) {
        while try await daemon.time() <= time {
            try await pauseBetweenLooks(until: deadline, "the daemon's clock is behind the source's")
        }
    }

    private func pauseBetweenLooks(
        until deadline: ContinuousClock.Instant, _ problem: String
    ) async throws(RevocationError) {
        guard now() < deadline else { throw .notCutOver(problem) }
        do { try await Task.sleep(for: Self.interval) } catch { throw .notCutOver("it was cancelled") }
    }

    private func endImport() async throws(RevocationError) {
        do throws(RevocationError) { try await daemon.requireOK(Command("REPLICAOF", "NO", "ONE")) } catch {
            // It may have ended without an answer.
            guard error.code != .storeError else { throw error }
            guard let ours = try? await daemon.information() else { throw .unknownCutOver(error) }
            // It may end yet.
            guard ours["import_state"] == "ended" else { throw .unknownCutOver(error) }
        }
    }

    // MARK: When the import has ended

    /// The import has ended: what is missing is the acceptance, if the daemon has all.
    private func complete(
        _ identity: Epoch.Identity, replacing pinned: [UInt8]?, _ mark: [UInt8]?,
        _ pausedUntil: ContinuousClock.Instant, _ patience: Duration
    ) async throws(RevocationError) -> Outcome {
        let offset: UInt64
        do throws(RevocationError) { offset = try await verifiedOffset(mark, patience) } catch {
            throw .unverified(error, replacing: pinned)
        }
        guard now() < pausedUntil else { throw .lateCutOver }
        return try await accept(identity, replacing: pinned, at: offset)
    }

    /// The end takes seconds, in which the source may restart, or another attempt may end its pause.
    /// - Returns: bytes of the source's stream, all of which the daemon has.
    private func verifiedOffset(
        _ mark: [UInt8]?, _ patience: Duration
    ) async throws(RevocationError) -> UInt64 {
        try await waitForClock(past: try await source.time(), until: now() + patience)
        if let mark, try await source.value(of: Epoch.key) != mark {
            throw .notCutOver("the source has another epoch: it has restarted, or another cut-over has begun")
        }
        let (ours, theirs) = (try await daemon.information(), try await source.information())
        guard let stretch = ours["import_replid"], stretch == theirs["master_replid"] else {
            throw .notCutOver("the source, or the daemon, has restarted")
        }
        guard let offset = ours["import_offset"].flatMap({ UInt64($0) }),
            let end = theirs["master_repl_offset"].flatMap({ UInt64($0) }),
            [offset, offset &+ Self.pingLength].contains(end)
        else { throw .notCutOver("the source's stream has gone on") }
        return offset
    }

    private func accept(
        _ identity: Epoch.Identity, replacing pinned: [UInt8]?, at offset: UInt64
    ) async throws(RevocationError) -> Outcome {
        do throws(RevocationError) {
            for replaced in [identity.replaced, pinned].compactMap({ $0 }) {
                let accepted = Epoch.Identity(epoch: identity.epoch, replacing: replaced)
                try await daemon.requireOK(
                    Command("SET", Epoch.acceptedKey, String(decoding: accepted.bytes, as: UTF8.self)))
            }
            return Outcome(
                replaced: pinned.map { String(decoding: $0, as: UTF8.self) }, epoch: identity.text, offset: offset)
        } catch {
            let replaces = pinned.map { " --replaces \(String(decoding: $0, as: UTF8.self))" } ?? ""
            throw RevocationError(
                .unreachable,
                """
                the import has ended, and the source is paused, but the daemon's epoch is not accepted: run revoked \
                cut-over again, or revoked accept, then revoked accept\(replaces) (\(error.message))
                """, cause: Done())
        }
    }

    // MARK: After an attempt that was killed

    private func finish(
        _ state: DaemonState, replacing pinned: [UInt8], _ mark: [UInt8], _ pause: Duration, _ patience: Duration
    ) async throws(RevocationError) -> Outcome {
        let accepted = Epoch.Identity(epoch: state.identity.epoch, replacing: pinned).bytes
        let isAccepted = try await daemon.value(of: Epoch.acceptedKey) == accepted
        if state.identity.replaced == nil, isAccepted {
            let offset = state.information["import_offset"].flatMap { UInt64($0) } ?? 0
            return Outcome(
                replaced: String(decoding: pinned, as: UTF8.self), epoch: state.identity.text, offset: offset)
        }
        let pausedUntil = now() + pause
        try await self.pause(for: pause)
        return try await complete(state.identity, replacing: pinned, mark, pausedUntil, patience)
    }

    // MARK: After a failure

    /// The import has ended, or may have: nothing is taken back.
    fileprivate struct Done: Error {}

    /// - Returns: the error to throw.
    private func takeBack(
        _ mark: [UInt8]?, _ pinned: [UInt8]?, after error: RevocationError
    ) async -> RevocationError {
        guard !(error.cause is Done) else { return error }
        if let ours = try? await daemon.information(), ours["import_state"] == "ended" { return .endedMeanwhile }
        do throws(RevocationError) {
            guard let mark, let pinned else {
                try await source.requireOK(Command("CLIENT", "UNPAUSE"))
                return error
            }
            let held = try await source.value(of: Epoch.key)
            var isBack = held == pinned
            if isBack || held == mark { try await source.requireOK(Command("CLIENT", "UNPAUSE")) }
            if held == mark { isBack = try await source.replace(Epoch.key, mark, with: pinned) }
            guard !isBack else { return error }
            return RevocationError(
                error.code,
                """
                \(error.message); and the source has another epoch meanwhile: another cut-over has begun, or the source \
                has lost revocations
                """)
        } catch let second {
            let epoch = pinned.map { ", SET revoked.epoch \(String(decoding: $0, as: UTF8.self))" } ?? ""
            return RevocationError(
                error.code,
                """
                \(error.message); and the source could not be put back as it was (\(second.message)): do so with CLIENT \
                UNPAUSE\(epoch)
                """)
        }
    }
}

extension RevocationError {
    fileprivate static func notCutOver(_ why: String) -> Self { RevocationError(.storeError, why) }

    fileprivate static var epochHasChanged: Self { notCutOver("the source's epoch has changed just now") }

    /// What was written to the source after its pause is not here.
    fileprivate static var lateCutOver: Self {
        RevocationError(
            .timedOut,
            """
            the import has ended after the source's pause was over: what was written there since may be missing here. \
            The daemon's epoch is not accepted: compare both, or import again
            """, cause: CutOver.Done())
    }

    /// - Parameter pinned: what clients of the source have pinned; nil if it has no epoch.
    fileprivate static func unverified(_ error: RevocationError, replacing pinned: [UInt8]?) -> Self {
        let accept = pinned.map { ", and revoked accept --replaces \(String(decoding: $0, as: UTF8.self))" } ?? ""
        return RevocationError(
            error.code,
            """
            the import has ended, and whether the daemon has all that was written to the source is not known \
            (\(error.message)): run revoked cut-over again. If it says the same, revoke here what may be missing, then run \
            revoked accept\(accept)
            """, cause: CutOver.Done())
    }

    /// No attempt leaves a mark on such a source: whether it was paused since the end is not known.
    fileprivate static var endedWithoutEpoch: Self {
        RevocationError(
            .storeError,
            """
            the import has ended already, and the source has no epoch that would show what was written to it since: \
            revoke here what may be missing, then run revoked accept
            """)
    }

    fileprivate static var endedMeanwhile: Self {
        RevocationError(
            .storeError, "the import was ended meanwhile by another command: run revoked cut-over again",
            cause: CutOver.Done())
    }

    fileprivate static func unknownCutOver(_ error: RevocationError) -> Self {
        RevocationError(
            .timedOut,
            """
            whether the import has ended is not known (\(error.message)): run revoked cut-over again. The source \
            stays paused until its time is over
            """, cause: CutOver.Done())
    }
}
