import Testing

@testable import Revocation

@Suite struct EpochPinTests {
    private let old = Array("old".utf8)
    private let new = Array("new".utf8)

    @Test func theFirstEpochSeenIsPinned() {
        var pin = EpochPin(nil)
        #expect(pin.pinned(seeing: nil) == [])
        #expect(pin.pinned(seeing: []) == [])
        #expect(pin.pinned(seeing: old) == old)
        #expect(pin.pinned(seeing: new) == old)
    }

    @Test func aConfiguredEpochIsPinnedFromTheStart() {
        var pin = EpochPin(old)
        #expect(pin.pinned(seeing: new) == old)
    }

    @Test func onlyTheEpochThatTheStoreCarriesCanBeAccepted() {
        var pin = EpochPin(old)
        #expect(pin.accept(epoch: new, accepted: nil) == false)
        #expect(pin.accept(epoch: new, accepted: old) == false)
        #expect(pin.accept(epoch: nil, accepted: new) == false)
        #expect(pin.accept(epoch: [], accepted: []) == false)
        #expect(pin.accept(epoch: old, accepted: old) == false)
        #expect(pin.pinned == old)
        #expect(pin.accept(epoch: new, accepted: new) == true)
        #expect(pin.pinned == new)
    }

    @Test func theStoreIsAskedNowAndThenOnly() {
        var pin = EpochPin(old)
        let start = ContinuousClock.now
        #expect(pin.shouldAsk(now: start) == true)
        #expect(pin.shouldAsk(now: start + .milliseconds(199)) == false)
        #expect(pin.shouldAsk(now: start + .milliseconds(200)) == true)
    }
}
