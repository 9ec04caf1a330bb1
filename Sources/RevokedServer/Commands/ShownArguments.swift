import Denylist
import RESP
import Settings

/// The arguments of a command as others may see them (`SLOWLOG`, `MONITOR`). Passwords, users and followers' names are
/// left out, and all that goes with a guarded key: it names a token, a session or a person.
struct ShownArguments: ~Escapable {
    private static let redacted = Array("(redacted)".utf8)
    /// As many are kept in the slow log, each with at most so many bytes.
    private static let maximumCount = 32
    private static let maximumBytes = 128

    private let arguments: Arguments
    /// The first one that is left out; all behind it are, too.
    private let hidden: Int
    /// One more that is left out if ``hidden`` is behind it.
    private let hidesValues: Bool

    @_lifetime(copy arguments)
    init(of command: Command.ID, _ arguments: Arguments, guardedPrefix: [UInt8]) {
        self.arguments = arguments
        var hidden = arguments.count
        var hidesValues = false
        switch command {
        case .auth, .hello, .lease: hidden = 1
        case .replconf: hidden = min(2, hidden)
        case .acl:
            let subcommand = arguments.count > 1 ? arguments[1].lowercasedWord : nil
            hidden = subcommand.flatMap(AccessSubcommand.init) == nil ? 1 : 2
        case .config where arguments.count > 1 && arguments[1].equalsIgnoringCase("set"): hidesValues = true
        default: break
        }
        // A pattern, a channel or a text may hold a guarded key, too.
        if (1..<max(1, arguments.count)).contains(where: { arguments[$0].contains(guardedPrefix) }) { hidden = 1 }
        self.hidden = hidden
        self.hidesValues = hidesValues
    }

    var count: Int { arguments.count }

    subscript(index: Int) -> RawSpan {
        @_lifetime(copy self)
        get {
            let isValue = hidesValues && index > 2 && index % 2 == 1
            let isHidden = index >= hidden || isValue && !Self.isPublic(arguments[index - 1])
            return isHidden ? Self.redacted.span.bytes : arguments[index]
        }
    }

    /// Whether the value of a setting may be seen.
    private static func isPublic(_ name: RawSpan) -> Bool {
        guard let name = name.lowercasedWord else { return false }
        return ServerConfiguration.settings.contains { $0.name == name && $0.runtime != .hidden }
    }

    /// As the slow log keeps them: the beginnings of the first ones, with how much is missing.
    var bounded: [[UInt8]] {
        let shown = count > Self.maximumCount ? Self.maximumCount - 1 : count
        var texts = (0..<shown).map { index in
            let text = self[index]
            let missing = text.byteCount - Self.maximumBytes
            let beginning = text.withUnsafeBytes { Array($0.prefix(Self.maximumBytes)) }
            return missing > 0 ? beginning + Array("... (\(missing) more bytes)".utf8) : beginning
        }
        if shown < count { texts.append(Array("... (\(count - shown) more arguments)".utf8)) }
        return texts
    }
}

extension RawSpan {
    /// Whether these bytes stand somewhere in it; false if there are none.
    fileprivate func contains(_ part: [UInt8]) -> Bool {
        withUnsafeBytes { bytes in
            guard let first = part.first, bytes.count >= part.count else { return false }
            for start in 0...(bytes.count - part.count) where bytes[start] == first {
                if bytes[start..<start + part.count].elementsEqual(part) { return true }
            }
            return false
        }
    }
}
