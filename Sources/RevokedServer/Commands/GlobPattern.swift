import RESP

/// Redis' glob pattern: `*`, `?`, `[a-z]`, `[^a]` and `\` before a literal (Redis, `KEYS`).
struct GlobPattern {
    /// The longest pattern, in bytes: matching takes up to its length times the key's, under a lock.
    static let maximumLength = 1024
    static let tooLong = "ERR the pattern is longer than \(maximumLength) bytes"

    private let pattern: [UInt8]

    init(_ bytes: RawSpan) { pattern = bytes.withUnsafeBytes(Array.init) }

    func matches(_ text: RawSpan) -> Bool {
        if pattern == [UInt8(ascii: "*")] { return true }
        // After a mismatch only the last star takes one byte more: no pattern costs more than length × length.
        var (position, index) = (0, 0)
        var star: (position: Int, index: Int)?
        while index < text.byteCount {
            if position < pattern.count, pattern[position] == UInt8(ascii: "*") {
                star = (position, index)
                position += 1
            } else if let next = matchOne(at: position, text[byte: index]) {
                position = next
                index += 1
            } else if let last = star {
                star = (last.position, last.index + 1)
                position = last.position + 1
                index = last.index + 1
            } else {
                return false
            }
        }
        while position < pattern.count, pattern[position] == UInt8(ascii: "*") { position += 1 }
        return position == pattern.count
    }

    /// - Returns: where the pattern goes on if its element at `position` matches `byte`, else nil.
    private func matchOne(at position: Int, _ byte: UInt8) -> Int? {
        guard position < pattern.count else { return nil }
        switch pattern[position] {
        case UInt8(ascii: "?"): return position + 1
        case UInt8(ascii: "["): return matchSet(at: position + 1, byte)
        case UInt8(ascii: "\\") where position + 1 < pattern.count:
            return pattern[position + 1] == byte ? position + 2 : nil
        default: return pattern[position] == byte ? position + 1 : nil
        }
    }

    /// A set that is not closed ends with the pattern, as in Redis.
    private func matchSet(at start: Int, _ byte: UInt8) -> Int? {
        var position = start
        let isNegated = position < pattern.count && pattern[position] == UInt8(ascii: "^")
        if isNegated { position += 1 }
        var isMember = false
        while position < pattern.count, pattern[position] != UInt8(ascii: "]") {
            if pattern[position] == UInt8(ascii: "\\"), position + 1 < pattern.count {
                position += 1
                if pattern[position] == byte { isMember = true }
            } else if position + 2 < pattern.count, pattern[position + 1] == UInt8(ascii: "-") {
                let (low, high) = (pattern[position], pattern[position + 2])
                if (min(low, high)...max(low, high)).contains(byte) { isMember = true }
                position += 2
            } else if pattern[position] == byte {
                isMember = true
            }
            position += 1
        }
        guard isMember != isNegated else { return nil }
        return min(position + 1, pattern.count)
    }
}
