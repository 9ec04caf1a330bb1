import RESP

/// The channels that one selector of a user allows (`&pattern`).
struct ChannelRules: Sendable {
    /// nil: all channels.
    private let rules: [(pattern: [UInt8], glob: GlobPattern)]?

    init(_ selector: AccessSelector) {
        rules = selector.allowsAllChannels ? nil : selector.channels.map { ($0, GlobPattern($0.span.bytes)) }
    }

    /// - Parameter isPattern: whether it is a pattern to subscribe to, which has to be one of the user's own.
    func allow(_ channel: RawSpan, isPattern: Bool) -> Bool {
        guard let rules else { return true }
        return rules.contains { rule in
            isPattern
                ? channel.withUnsafeBytes { rule.pattern.elementsEqual($0) } : rule.glob.matches(channel)
        }
    }

    /// The place of the last channel among a command's arguments that is not allowed.
    func denied(of command: Command, _ arguments: borrowing Arguments, from start: Int) -> Int? {
        guard rules != nil else { return nil }
        let last =
            switch command.id {
            case .publish, .spublish: start + 1
            case .subscribe, .ssubscribe, .psubscribe: arguments.count - 1
            default: start
            }
        var denied: Int?
        var index = start + 1
        while index <= last, denied == nil {
            if !allow(arguments[index], isPattern: command.id == .psubscribe) { denied = index }
            index += 1
        }
        return denied
    }
}
