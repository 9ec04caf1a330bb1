import Contract
import Replication
import Synchronization

/// Who hears of revocations as they arrive: readers of ``RevocationList/revocations(limit:)``, and open tokens.
///
/// The thread that feeds the copy only records what is concerned: a daemon waits for it before it acknowledges a
/// revocation. A task judges the tokens (`RevocationEvents+Judging.swift`).
final class RevocationEvents: CopyObserver {
    struct WeakBuffer {
        weak var buffer: RevocationBuffer?
    }

    struct State {
        var buffers: [WeakBuffer] = []
        var tokens = OpenTokens()
        /// The list, for as long as a token is open.
        var list: RevocationList?
        var isJudging = false
        var isTicking = false
        var hasClosed = false
    }

    static let closed = TokenEnd.unproven(UnknownCause(.unreachable, "the denylist was closed"))

    let state = Mutex(State())
    private let prefix: String
    /// Whether anybody wants to hear. Changed under the lock.
    private let isWanted = Atomic(false)

    /// - Parameter prefix: that of all revocations.
    init(prefix: String) { self.prefix = prefix }

    // MARK: What arrives

    func stored(_ key: RawSpan, _ value: RawSpan) {
        // Comes behind the change of the table: whoever wants to hear has said so, or finds the change.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard isWanted.load(ordering: .relaxed) else { return }
        let name = key.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        guard name.utf8.starts(with: prefix.utf8) else { return }
        hear(StoredRevocation(name, value.withUnsafeBytes(Array.init), millisecondsLeft: nil, prefix: prefix))
    }

    func replaced() {
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard isWanted.load(ordering: .relaxed) else { return }
        tell(.missed) { $0.judgeAll() }
    }

    private func hear(_ stored: StoredRevocation) {
        tell(.revoked(ObservedRevocation(stored))) { $0.judge(stored.kind, stored.identifier) }
    }

    private func tell(_ event: RevocationEvent, _ body: (inout OpenTokens) -> Void) {
        state.withLock { state in
            body(&state.tokens)
            let buffers = state.buffers.compactMap(\.buffer)
            if buffers.count < state.buffers.count { want(&state) }
            for buffer in buffers { buffer.add(event) }
        }
        judgePending()
    }

    /// This process has revoked something itself, or has failed to.
    func wrote(_ entries: some Collection<RevocationEntry>) {
        guard isWanted.load(ordering: .relaxed) else { return }
        state.withLock { state in
            for entry in entries {
                let stored = StoredRevocation(entry.key, [], millisecondsLeft: nil, prefix: prefix)
                state.tokens.judge(stored.kind, stored.identifier)
            }
        }
        judgePending()
    }

    // MARK: Who wants to hear

    private func want(_ state: inout State) {
        state.buffers.removeAll { $0.buffer == nil }
        isWanted.store(!state.buffers.isEmpty || !state.tokens.isEmpty, ordering: .sequentiallyConsistent)
    }

    func makeBuffer(limit: Int) -> RevocationBuffer {
        let buffer = RevocationBuffer(limit: limit)
        let hasClosed = state.withLock { state in
            state.buffers.append(WeakBuffer(buffer: buffer))
            want(&state)
            return state.hasClosed
        }
        if hasClosed { buffer.end() }
        return buffer
    }

    /// The token is judged whenever something arrives that may concern it. The caller looks it up behind this, and
    /// calls ``close(_:)``.
    func open(_ claims: TokenClaims, _ policy: FailurePolicy, of list: RevocationList) -> (Int, OpenToken) {
        let handle = OpenToken()
        let (number, starts, hasClosed) = state.withLock { state in
            let number = state.tokens.add(OpenTokens.Entry(claims: claims, policy: policy, handle: handle))
            want(&state)
            state.list = list
            defer { state.isTicking = true }
            return (number, !state.isTicking, state.hasClosed)
        }
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if hasClosed { handle.end(Self.closed) }
        if starts { Task { await tickOn() } }
        return (number, handle)
    }

    /// It was clear when it was asked.
    func proved(_ number: Int, at time: ContinuousClock.Instant) {
        state.withLock { $0.tokens.proved(number, at: time) }
    }

    func close(_ number: Int) {
        let list = state.withLock { state -> RevocationList? in
            state.tokens.remove(number)
            want(&state)
            guard state.tokens.isEmpty else { return nil }
            state.tokens.provenAt = nil
            return state.list.take()
        }
        // Released without the lock.
        _ = consume list
    }

    /// Ends everything that is open.
    func closeAll() {
        let (buffers, handles) = state.withLock { state in
            state.hasClosed = true
            return (state.buffers.compactMap(\.buffer), state.tokens.entries.values.map(\.handle))
        }
        for buffer in buffers { buffer.end() }
        for handle in handles { handle.end(Self.closed) }
    }
}
