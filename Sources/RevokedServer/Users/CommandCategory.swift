import RESP

/// The categories of Redis' ACL, in Redis' order. Some have no command here.
struct CommandCategory: OptionSet, Sendable, Hashable {
    let rawValue: Int

    static let names = [
        "keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo",
        "stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction", "scripting",
    ]

    static let keyspace = Self(named: "keyspace".utf8)!
    static let read = Self(named: "read".utf8)!
    static let write = Self(named: "write".utf8)!
    static let string = Self(named: "string".utf8)!
    static let bitmap = Self(named: "bitmap".utf8)!
    static let admin = Self(named: "admin".utf8)!
    static let fast = Self(named: "fast".utf8)!
    static let slow = Self(named: "slow".utf8)!
    static let dangerous = Self(named: "dangerous".utf8)!
    static let pubsub = Self(named: "pubsub".utf8)!
    static let connection = Self(named: "connection".utf8)!
    static let scripting = Self(named: "scripting".utf8)!
    static let transaction = Self(named: "transaction".utf8)!

    init(rawValue: Int) { self.rawValue = rawValue }

    /// - Parameter name: without the `@`, in any case; nil if there is no such category.
    init?(named name: some Collection<UInt8>) {
        guard let word = name.lowercasedWord, let index = Self.names.firstIndex(of: word) else { return nil }
        self.init(rawValue: 1 << index)
    }

    /// Those that follow from a command's flags, as Redis derives them. A script that reads is not of those that read.
    init(derivedFrom flags: Command.Flags) {
        self = []
        if flags.contains(.write) { insert(.write) }
        if flags.contains(.readOnly), !flags.contains(.skipMonitor) { insert(.read) }
        if flags.contains(.admin) { formUnion([.admin, .dangerous]) }
        insert(flags.contains(.fast) ? .fast : .slow)
    }

    /// Their names, without the `@`.
    var words: [String] {
        Self.names.enumerated().filter { rawValue & 1 << $0.offset != 0 }.map(\.element)
    }
}
