import Foundation
import Testing

@testable import Lab

/// Each rule that the oracle judges rests on a protection: without it a short load must show that, with it nothing.
@Suite("Canaries of the rules", .serialized)
struct RuleCanaryTests {
    @Test("Without its protection a rule is broken, and that is seen", arguments: RuleCanary.all)
    func weakened(_ canary: RuleCanary) async throws {
        let canaries = RuleCanaries(seed: 5, programs: try .built())
        let outcome = try await canaries.play(canary, isWeakened: true, for: canary.patience)
        #expect(outcome.shows(canary.sign), "\(outcome.violations) among \(outcome.judged) answers")
    }

    @Test("With its protection nothing is broken", arguments: RuleCanary.scenarios)
    func intact(_ canary: RuleCanary) async throws {
        let canaries = RuleCanaries(seed: 6, programs: try .built())
        let outcome = try await canaries.play(canary, isWeakened: false, for: .seconds(4))
        #expect(outcome.isClean, "\(outcome.violations), \(outcome.falseRejections): \(outcome.findings)")
    }
}
