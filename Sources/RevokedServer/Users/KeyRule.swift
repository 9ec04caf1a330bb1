import Contract
import RESP

/// What a command does with a key, and what a rule allows.
struct KeyAccess: OptionSet, Sendable, Equatable {
    let rawValue: UInt8
    static let read = KeyAccess(rawValue: 1)
    static let write = KeyAccess(rawValue: 2)
    static let all: KeyAccess = [.read, .write]
}

/// One rule about keys: `~pattern`, `%R~pattern`, or `%W@token`. The last form is ours: the keys of one scope, of every
/// issuer. A pattern cannot say that: `revoked:*:jti:*` matches `revoked:client:jti:x`, too.
struct KeyRule: Sendable, Equatable {
    enum Target: Sendable, Equatable {
        case pattern([UInt8])
        case scope(Scope.Kind)
    }

    let target: Target
    var access: KeyAccess

    /// As a rule.
    var text: [UInt8] {
        var permissions: [UInt8] = []
        if access.contains(.read) { permissions.append(UInt8(ascii: "R")) }
        if access.contains(.write) { permissions.append(UInt8(ascii: "W")) }
        switch target {
        case .pattern(let pattern):
            // `~*` would be all keys, and allow no rule behind it.
            let isShort = access == .all && pattern != [UInt8(ascii: "*")]
            let mark = isShort ? [] : [UInt8(ascii: "%")] + permissions
            return mark + [UInt8(ascii: "~")] + pattern
        case .scope(let kind): return [UInt8(ascii: "%")] + permissions + Array("@\(kind.label)".utf8)
        }
    }
}

/// Where guarded keys begin, for rules about scopes.
struct GuardedPrefix: Sendable {
    let bytes: [UInt8]

    /// The scope of a key; nil if it is not guarded.
    func scope(of key: RawSpan) -> Scope.Kind? {
        key.starts(with: bytes) ? GuardedKey.kind(of: key, prefixLength: bytes.count) : nil
    }
}

/// The rules of one selector, laid out so that a check counts no references: each row points into ``bytes``.
struct KeyRuleTable: Sendable {
    private struct Row {
        enum Form { case exact, beginning, pattern, scope }

        let access: UInt8
        let form: Form
        let scope: Scope.Kind?
        let start: Int
        let count: Int
        /// The rule's place, for those that are matched as patterns.
        let index: Int
    }

    private let rows: [Row]
    private let bytes: [UInt8]
    private let patterns: [GlobPattern]
    private let prefix: GuardedPrefix

    init(_ rules: [KeyRule], _ prefix: GuardedPrefix) {
        var (rows, bytes, patterns) = ([Row](), [UInt8](), [GlobPattern]())
        for rule in rules {
            switch rule.target {
            case .scope(let kind):
                rows.append(
                    Row(access: rule.access.rawValue, form: .scope, scope: kind, start: 0, count: 0, index: 0))
            case .pattern(let pattern):
                let beginning = pattern.last == UInt8(ascii: "*") ? pattern.dropLast() : pattern[...]
                let isLiteral = !beginning.contains { Array("*?[\\".utf8).contains($0) }
                let form: Row.Form = !isLiteral ? .pattern : beginning.count < pattern.count ? .beginning : .exact
                rows.append(
                    Row(
                        access: rule.access.rawValue, form: form, scope: nil, start: bytes.count,
                        count: isLiteral ? beginning.count : 0, index: patterns.count))
                if isLiteral { bytes += beginning } else { patterns.append(GlobPattern(pattern.span.bytes)) }
            }
        }
        (self.rows, self.bytes, self.patterns, self.prefix) = (rows, bytes, patterns, prefix)
    }

    /// Whether one of the rules allows all of this. As in Redis 7.0 two rules do not add up, and an empty key matches
    /// only the empty pattern.
    func allows(_ access: KeyAccess, _ key: RawSpan) -> Bool {
        for row in rows where KeyAccess(rawValue: row.access).isSuperset(of: access) {
            let isMatch =
                switch row.form {
                case .exact: key.byteCount == row.count && begins(key, row)
                case .beginning: key.byteCount > 0 && begins(key, row)
                case .pattern: key.byteCount > 0 && patterns[row.index].matches(key)
                case .scope: prefix.scope(of: key) == row.scope
                }
            if isMatch { return true }
        }
        return false
    }

    /// Whether one of the rules allows reading every key that is not empty: `%R~*`.
    var allowsReadingAll: Bool {
        rows.contains { KeyAccess(rawValue: $0.access).contains(.read) && $0.form == .beginning && $0.count == 0 }
    }

    /// Whether one of the rules allows reading whatever begins with the guarded prefix, and one the epoch.
    var allowsReadingRevocations: Bool {
        let isEvery = rows.contains { row in
            KeyAccess(rawValue: row.access).contains(.read) && row.form == .beginning
                && prefix.bytes.starts(with: bytes[row.start..<row.start + row.count])
        }
        return isEvery && OwnKey.epoch.withBytes { allows(.read, $0) }
    }

    private func begins(_ key: RawSpan, _ row: Row) -> Bool {
        guard key.byteCount >= row.count else { return false }
        for index in 0..<row.count where key[byte: index] != bytes[row.start + index] { return false }
        return true
    }
}
