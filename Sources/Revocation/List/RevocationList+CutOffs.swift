import Contract

extension RevocationList {
    /// Reads, for each cut-off that is to be written, the clock of the server that has its key, and what is held
    /// already: in one pipeline with the epoch, so that no other store's clock can be taken for it. A time that was
    /// known before this call would spare whoever logs in between.
    /// - Parameter token: the one by which it is revoked; its other cut-offs may have pushed it ahead.
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
        // Several servers: each cut-off is compared with the clock of its own.
        for (index, key) in keys.enumerated() {
            let held = pushed + [timed.values[index]].compactMap { $0 }
            readings[ExactString(key)] = CutOffReading(time: timed.times[index], held: held)
        }
        return readings
    }

    /// The values of keys and the time before, both from the store that is believed.
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
