import NIOCore
import RESP
import Synchronization

@testable import Following

/// A copy that a test fills, with a clock and a lease of its own.
final class FakeCopy: CheckedCopy, Sendable {
    struct Reading: CopyReading {
        let begun: Int64
        let guarded: Int64
        let askedAt: Int64
        fileprivate let lease: Int
    }

    struct State {
        var now: Int64 = 1_000
        var lease: Int? = 1
        /// When the lease was asked for.
        var askedAt: Int64 = 1_000
        var entries: [String: (value: String, expiry: Int64)] = [:]
        var epoch = "e-1"
        /// Done behind each look-up.
        var afterReading: (@Sendable (inout State) -> Void)?
        var local = 0
        var asked = 0
        /// The daemon's end of the next connection to it.
        var daemon: (any Channel)?
    }

    /// No connection was expected.
    struct Unreachable: Error {}

    let state = Mutex(State())

    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    var counts: (local: Int, asked: Int) { state.withLock { ($0.local, $0.asked) } }

    var now: Int64 { state.withLock { $0.now } }

    func isGuarded(_ key: RawSpan) -> Bool { text(key).hasPrefix("revoked:") }

    func begin() -> Reading? {
        state.withLock { state in
            state.lease.map { Reading(begun: state.now, guarded: state.now, askedAt: state.askedAt, lease: $0) }
        }
    }

    func holds(_ reading: Reading) -> Bool { state.withLock { $0.lease == reading.lease } }

    func read<Result>(
        _ key: RawSpan, _ reading: Reading, _ body: (_ value: RawSpan, _ expiry: Int64) -> Result
    ) -> Result? {
        let key = text(key)
        let found = state.withLock { state in
            defer { state.afterReading?(&state) }
            return state.entries[key]
        }
        guard let found, found.expiry > reading.guarded else { return nil }
        return body(Array(found.value.utf8).span.bytes, found.expiry)
    }

    func epoch(_ reading: Reading) -> [UInt8]? {
        state.withLock { $0.lease == reading.lease ? Array($0.epoch.utf8) : nil }
    }

    func count(isLocal: Bool) { state.withLock { if isLocal { $0.local += 1 } else { $0.asked += 1 } } }

    func connect(
        on loop: any EventLoop, _ handler: @escaping @Sendable () -> any ChannelHandler
    ) -> EventLoopFuture<any Channel> {
        guard let channel = state.withLock({ $0.daemon.take() }) else { return loop.makeFailedFuture(Unreachable()) }
        return loop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(handler())
            return channel
        }
    }

    private func text(_ bytes: RawSpan) -> String { bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
}
