import RESP

/// Redis' glob pattern: `*`, `?`, `[a-z]`, `[^a]` and `\` before a literal (Redis, `KEYS`).
///
/// It is matched by an automaton whose states are bits: bit n says that the first n elements match what was read.
/// So each byte of a text costs the same, a few words, whatever pattern and text are (Baeza-Yates and Gonnet, "A New
/// Approach to Text Searching", 1992).
struct GlobPattern {
    /// The longest pattern, in bytes: for each byte of a key matching takes a step per 64 elements, under a lock.
    static let maximumLength = 1024
    static let tooLong = "ERR the pattern is longer than \(maximumLength) bytes"

    /// How many elements there are besides stars.
    private let count: Int
    /// Words of a set of states.
    let width: Int
    /// The elements that match a byte: rows of ``width`` words. Bytes that match the same ones share a row.
    private let matching: [UInt64]
    /// Where the row of each byte begins.
    private let rows: [Int]
    /// The states that every byte leaves as they are, for a star stands there.
    private let stars: [UInt64]
    /// A star ends it: nothing has to be read behind the other elements.
    private let endsWithStar: Bool

    init(_ bytes: RawSpan) {
        let pattern = bytes.withUnsafeBytes(Array.init)
        width = pattern.count / 64 + 1
        var matching = [UInt64](repeating: 0, count: 256 * width)
        var stars = [UInt64](repeating: 0, count: width)
        var (position, count) = (0, 0)
        while position < pattern.count {
            let bit: UInt64 = 1 << UInt64(count & 63)
            if pattern[position] == UInt8(ascii: "*") {
                stars[count >> 6] |= bit
                position += 1
            } else {
                let element = Element(of: pattern, at: position)
                for byte in 0..<256 where element.contains(UInt8(byte)) { matching[byte * width + count >> 6] |= bit }
                position = element.end
                count += 1
            }
        }
        endsWithStar = stars[count >> 6] >> UInt64(count & 63) & 1 != 0
        (self.count, self.stars) = (count, stars)
        (self.matching, rows) = Self.sharingRows(matching, width)
    }

    private static func sharingRows(_ full: [UInt64], _ width: Int) -> (matching: [UInt64], rows: [Int]) {
        var matching: [UInt64] = []
        let rows = stride(from: 0, to: full.count, by: width).map { start in
            let row = full[start..<start + width]
            let same = stride(from: 0, to: matching.count, by: width).first {
                matching[$0..<$0 + width].elementsEqual(row)
            }
            if let same { return same }
            matching += row
            return matching.count - width
        }
        return (matching, rows)
    }

    func matches(_ text: RawSpan) -> Bool { width == 1 ? matchesShort(text) : matchesLong(text) }

    /// For patterns of fewer than 64 bytes, which allocates nothing.
    private func matchesShort(_ text: RawSpan) -> Bool {
        let (end, stars): (UInt64, UInt64) = (1 << UInt64(count), stars[0])
        var states: UInt64 = 1
        for index in 0..<text.byteCount {
            if endsWithStar, states & end != 0 { return true }
            states = (states & matching[rows[Int(text[byte: index])]]) << 1 | states & stars
            if states == 0 { return false }
        }
        return states & end != 0
    }

    private func matchesLong(_ text: RawSpan) -> Bool {
        let (word, end): (Int, UInt64) = (count >> 6, 1 << UInt64(count & 63))
        var states = [UInt64](repeating: 0, count: width)
        states[0] = 1
        for index in 0..<text.byteCount {
            if endsWithStar, states[word] & end != 0 { return true }
            let row = rows[Int(text[byte: index])]
            var (carry, union): (UInt64, UInt64) = (0, 0)
            for place in 0..<width {
                let advanced = states[place] & matching[row + place]
                states[place] = advanced << 1 | carry | states[place] & stars[place]
                carry = advanced >> 63
                union |= states[place]
            }
            if union == 0 { return false }
        }
        return states[word] & end != 0
    }
}

extension GlobPattern {
    /// What matches one byte.
    private struct Element {
        private(set) var end: Int
        private var ranges: [ClosedRange<UInt8>] = []
        private var isNegated = false

        init(of pattern: [UInt8], at start: Int) {
            end = start + 1
            switch pattern[start] {
            case UInt8(ascii: "?"): ranges = [0...255]
            case UInt8(ascii: "["): readSet(pattern)
            case UInt8(ascii: "\\") where end < pattern.count:
                ranges = [pattern[end]...pattern[end]]
                end += 1
            default: ranges = [pattern[start]...pattern[start]]
            }
        }

        func contains(_ byte: UInt8) -> Bool { ranges.contains { $0.contains(byte) } != isNegated }

        /// A set that is not closed ends with the pattern, as in Redis.
        private mutating func readSet(_ pattern: [UInt8]) {
            isNegated = end < pattern.count && pattern[end] == UInt8(ascii: "^")
            if isNegated { end += 1 }
            while end < pattern.count, pattern[end] != UInt8(ascii: "]") {
                if pattern[end] == UInt8(ascii: "\\"), end + 1 < pattern.count {
                    end += 1
                    ranges.append(pattern[end]...pattern[end])
                } else if end + 2 < pattern.count, pattern[end + 1] == UInt8(ascii: "-") {
                    let (low, high) = (pattern[end], pattern[end + 2])
                    ranges.append(min(low, high)...max(low, high))
                    end += 2
                } else {
                    ranges.append(pattern[end]...pattern[end])
                }
                end += 1
            }
            end = min(end + 1, pattern.count)
        }
    }
}
