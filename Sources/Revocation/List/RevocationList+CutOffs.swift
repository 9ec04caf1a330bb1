import Contract

extension RevocationList {
    /// Reads, for each cut-off to be written, the clock of the server that has its key and the cut-offs held. One
    /// pipeline with the epoch, so the clock is that of the pinned store. A time known before this call would spare
    /// log-ins in between.
    /// - Parameter token: the token presented; other cut-offs may have pushed its log-in time ahead.
    /// - Returns: by key; empty if there is no cut-off among the requests.
    func cutOffReadings(
        for requests: [RevocationRequest], _ namespace: Namespace, _ pinnedEpoch: PinnedEpoch,
        presented token: TokenClaims?
    ) async throws(RevocationError) -> [ExactString: CutOffReading] {
        var keys: [String] = []
        for request in requests where request.cutOff != nil {
            keys.append(try namespace.revocationKey(for: request.scope))
        }
        guard !keys.isEmpty else { return [:] }
        var pushing: [String] = []
        for scope in (token?.scopes ?? [.all]) where scope.kind.isCutOff {
            pushing.append(try namespace.revocationKey(for: scope))
        }
        let asked = keys + pushing
        let timed = try await provenLookUp(asked, pinnedEpoch)
        let pushed = timed.values.dropFirst(keys.count).compactMap { $0 }
        var readings: [ExactString: CutOffReading] = [:]
        // With several servers each cut-off is compared with the clock of its own server.
        for (index, key) in keys.enumerated() {
            let held = pushed + [timed.values[index]].compactMap { $0 }
            readings[ExactString(key)] = CutOffReading(time: timed.times[index], held: held)
        }
        return readings
    }

    /// The values of keys and the time before, both read under the pinned epoch.
    private func provenLookUp(
        _ keys: [String], _ pinnedEpoch: PinnedEpoch
    ) async throws(RevocationError) -> TimedValues {
        let timed = try await acting { () async throws(StoreFailure) in
            try await backend.timedLookUp(keys + [Epoch.key])
        }
        if let cause = Epoch.mismatch(timed.values.last ?? nil, pinned: pinnedEpoch.epoch) {
            react(to: cause)
            throw RevocationError(cause)
        }
        return TimedValues(values: timed.values.dropLast(), times: timed.times.dropLast())
    }
}
