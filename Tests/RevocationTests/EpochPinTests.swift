import Contract
import Testing

@testable import Revocation

@Suite struct EpochPinTests {
    private let old = Array("old".utf8)
    private let new = Array("new".utf8)

    private func expect(_ result: (pinned: [UInt8], isNew: Bool), _ pinned: [UInt8], _ isNew: Bool) {
        #expect(result.pinned == pinned)
        #expect(result.isNew == isNew)
    }

    @Test func theFirstEpochSeenIsPinned() {
        var pin = EpochPin(nil)
        expect(pin.pin(seeing: nil), [], false)
        expect(pin.pin(seeing: []), [], false)
        // Its loss of memory was not accepted.
        expect(pin.pin(seeing: Array("new replaces old".utf8)), [], false)
        expect(pin.pin(seeing: old), old, true)
        expect(pin.pin(seeing: new), old, false)
    }

    @Test func aConfiguredEpochIsPinnedFromTheStart() {
        var pin = EpochPin(old)
        expect(pin.pin(seeing: new), old, false)
    }

    @Test func onlyTheEpochThatTheStoreCarriesCanBeAccepted() {
        var pin = EpochPin(old)
        let acceptance = Array("new replaces old".utf8)
        for (epoch, accepted) in [
            (new, nil), (new, old), (new, new), (nil, acceptance), ([], []), (old, old), (old, acceptance),
            (Array("newer".utf8), acceptance),
            // Who has pinned something else is not moved.
            (new, Array("new replaces older".utf8)), (new, Array("old replaces new".utf8)),
        ] as [([UInt8]?, [UInt8]?)] {
            let hasMoved = pin.accept(epoch: epoch, accepted: accepted)
            #expect(!hasMoved)
        }
        #expect(pin.pinned == old)
        let hasMoved = pin.accept(epoch: new, accepted: acceptance)
        #expect(hasMoved)
        #expect(pin.pinned == new)
        // Before the store has taken its acceptance in, too.
        var other = EpochPin(old)
        let hasMovedToo = other.accept(epoch: acceptance, accepted: acceptance)
        #expect(hasMovedToo)
    }

    /// The daemon that a server was left for may have taken over: nobody believes both.
    @Test func aServerThatIsLeftIsNeverBelieved() throws {
        let daemon = Array("11111111-2222-4333-8444-555555555555".utf8)
        let left = Epoch.Identity(leaving: old, for: daemon, attempt: 7)
        #expect(left.successor == daemon)
        #expect(Epoch.Identity(left.bytes) == left)
        #expect(left.epoch.count <= 64)
        #expect(Epoch.Identity(leaving: old, for: daemon, attempt: .max).epoch != left.epoch)
        #expect(Epoch.Identity(daemon)?.successor == nil)
        var pin = EpochPin(nil)
        for epoch in [left.bytes, left.epoch] { expect(pin.pin(seeing: epoch), [], false) }
        for pinned in [old, left.epoch, daemon, []] {
            var pin = EpochPin(pinned)
            let hasMoved = pin.accept(epoch: left.bytes, accepted: left.bytes)
            #expect(!hasMoved)
            #expect(Epoch.mismatch(left.bytes, pinned: pinned)?.code == .epochChanged)
        }
    }

    @Test func theStoreIsAskedNowAndThenOnly() {
        var pin = EpochPin(old)
        let start = ContinuousClock.now
        #expect(pin.shouldAsk(now: start) == true)
        #expect(pin.shouldAsk(now: start + .milliseconds(199)) == false)
        #expect(pin.shouldAsk(now: start + .milliseconds(200)) == true)
    }
}
