import TestSupport
import Testing

@testable import RevokedServer

@Suite struct DescriptorSetTests {
    private static func all(_ set: DescriptorSet) -> [Int32] {
        var (found, next): ([Int32], Int32) = ([], 0)
        while let descriptor = set.first(from: next) {
            found.append(descriptor)
            next = descriptor + 1
        }
        return found
    }

    @Test func randomOnesAreThoseOfASet() {
        var random = SeededGenerator(seed: 1)
        var (ours, theirs) = (DescriptorSet(), Set<Int32>())
        for _ in 0..<4_000 {
            // The ends of words among them.
            let descriptor = Bool.random(using: &random) ? Int32.random(in: 0..<400, using: &random) : 63
            if Int.random(in: 0..<3, using: &random) > 0 {
                ours.insert(descriptor)
                theirs.insert(descriptor)
            } else {
                ours.remove(descriptor)
                theirs.remove(descriptor)
            }
            #expect(ours.first(from: descriptor) == theirs.filter { $0 >= descriptor }.min())
        }
        #expect(Self.all(ours) == theirs.sorted() && !theirs.isEmpty)
        for descriptor in theirs { ours.remove(descriptor) }
        #expect(Self.all(ours).isEmpty)
    }

    /// The loop that releases replies does so.
    @Test func oneMayGoOrComeWhileTheyAreWalked() {
        var set = DescriptorSet()
        for descriptor: Int32 in [0, 63, 64, 200] { set.insert(descriptor) }
        var (found, next): ([Int32], Int32) = ([], 0)
        while let descriptor = set.first(from: next) {
            next = descriptor + 1
            found.append(descriptor)
            set.remove(descriptor)
            if descriptor == 63 { set.remove(200) }
            if descriptor == 64 { set.insert(0) }
        }
        #expect(found == [0, 63, 64] && Self.all(set) == [0])
    }
}
