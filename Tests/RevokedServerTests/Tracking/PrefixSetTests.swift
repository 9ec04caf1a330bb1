import TestSupport
import Testing

@testable import RevokedServer

@Suite struct PrefixSetTests {
    /// The same as comparing with each prefix, whatever was added and removed before.
    @Test func itFindsThePrefixesOfAKey() {
        var random = SeededGenerator(seed: 7)
        var set = PrefixSet()
        var model: Set<[UInt8]> = []
        // Two letters: most of them begin with others, branch off, or are others' beginnings.
        func word(_ maximum: Int) -> [UInt8] { (0..<random.number(0..<maximum)).map { _ in random.pick([97, 98]) } }
        var found = 0
        for _ in 0..<20_000 {
            let prefix = word(9)
            if random.chance(45), model.remove(prefix) != nil {
                set.remove(prefix)
            } else if !model.contains(prefix) {
                set.insert(prefix)
                model.insert(prefix)
            }
            let key = word(12)
            let expected = (0...key.count).filter { model.contains(Array(key[..<$0])) }
            guard set.lengths(in: key) == expected else {
                Issue.record("\(key) has \(expected), not \(set.lengths(in: key))")
                return
            }
            found += expected.count
        }
        #expect(found > 20_000)
        for prefix in model { set.remove(prefix) }
        #expect(set.isEmpty)
        // What is not in it changes nothing.
        set.insert([97, 97])
        for other in [[97], [97, 98], [97, 97, 97], []] as [[UInt8]] { set.remove(other) }
        #expect(set.lengths(in: [97, 97, 97]) == [2])
    }

    /// As many nodes as the longest prefix has bytes.
    @Test func prefixesMayBeginWithEachOther() {
        var set = PrefixSet()
        let longest = [UInt8](repeating: 97, count: 1024)
        for length in 0...longest.count { set.insert(Array(longest[..<length])) }
        #expect(set.lengths(in: longest + [98]) == Array(0...1024))
        for length in 0...longest.count { set.remove(Array(longest[..<length])) }
        #expect(set.isEmpty)
    }
}
