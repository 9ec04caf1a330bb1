import RESP

/// One command: its name, how many arguments it takes and where its keys stand (Redis, "Command key specifications").
struct Command: Sendable {
    struct Flags: OptionSet, Sendable {
        let rawValue: Int
        static let write = Flags(rawValue: 1)
        static let readOnly = Flags(rawValue: 2)
        /// Refused when `maxmemory` is reached.
        static let denyOOM = Flags(rawValue: 4)
        /// The user `admin`'s alone, once there is one.
        static let admin = Flags(rawValue: 8)
        /// Allowed before authentication.
        static let noAuthentication = Flags(rawValue: 16)
        static let fast = Flags(rawValue: 32)
        static let loading = Flags(rawValue: 64)
        /// Takes time that grows with the number of keys.
        static let slow = Flags(rawValue: 128)
    }

    let name: StaticString
    /// The number of arguments, the name included; negative: at least that many.
    let arity: Int
    let flags: Flags
    let firstKey: Int
    /// Negative counts from the end.
    let lastKey: Int
    let keyStep: Int
    let id: ID

    enum ID: Int, Sendable {
        case get, set, setex, psetex, setnx, getdel, getex, mget, mset, strlen
        case exists, type, del, unlink, touch, scan, keys, randomkey
        case ttl, pttl, expire, pexpire, expireat, pexpireat, expiretime, pexpiretime, persist
        case ping, echo, hello, auth, quit, reset, select, client, command
        case info, config, dbsize, time, shutdown, flushdb, flushall
    }

    init(
        _ id: ID, _ name: StaticString, _ arity: Int, _ flags: Flags,
        keys: (first: Int, last: Int, step: Int) = (0, 0, 0)
    ) {
        self.id = id
        self.name = name
        self.arity = arity
        self.flags = flags
        firstKey = keys.first
        lastKey = keys.last
        keyStep = keys.step
    }
}

/// All commands, and how to find one by the bytes of its name.
struct CommandTable: Sendable {
    static let shared = CommandTable()

    let commands: [Command] = {
        let one = (first: 1, last: 1, step: 1)
        let all = (first: 1, last: -1, step: 1)
        return [
            Command(.get, "get", 2, [.readOnly, .fast], keys: one),
            Command(.set, "set", -3, [.write, .denyOOM], keys: one),
            Command(.setex, "setex", 4, [.write, .denyOOM], keys: one),
            Command(.psetex, "psetex", 4, [.write, .denyOOM], keys: one),
            Command(.setnx, "setnx", 3, [.write, .denyOOM, .fast], keys: one),
            Command(.getdel, "getdel", 2, [.write, .fast], keys: one),
            Command(.getex, "getex", -2, [.write, .fast], keys: one),
            Command(.mget, "mget", -2, [.readOnly, .fast], keys: all),
            Command(.mset, "mset", -3, [.write, .denyOOM], keys: (1, -1, 2)),
            Command(.strlen, "strlen", 2, [.readOnly, .fast], keys: one),
            Command(.exists, "exists", -2, [.readOnly, .fast], keys: all),
            Command(.type, "type", 2, [.readOnly, .fast], keys: one),
            Command(.del, "del", -2, [.write], keys: all),
            Command(.unlink, "unlink", -2, [.write, .fast], keys: all),
            Command(.touch, "touch", -2, [.readOnly, .fast], keys: all),
            Command(.scan, "scan", -2, [.readOnly, .slow]),
            Command(.keys, "keys", 2, [.readOnly, .slow]),
            Command(.randomkey, "randomkey", 1, [.readOnly]),
            Command(.ttl, "ttl", 2, [.readOnly, .fast], keys: one),
            Command(.pttl, "pttl", 2, [.readOnly, .fast], keys: one),
            Command(.expire, "expire", -3, [.write, .fast], keys: one),
            Command(.pexpire, "pexpire", -3, [.write, .fast], keys: one),
            Command(.expireat, "expireat", -3, [.write, .fast], keys: one),
            Command(.pexpireat, "pexpireat", -3, [.write, .fast], keys: one),
            Command(.expiretime, "expiretime", 2, [.readOnly, .fast], keys: one),
            Command(.pexpiretime, "pexpiretime", 2, [.readOnly, .fast], keys: one),
            Command(.persist, "persist", 2, [.write, .fast], keys: one),
            Command(.ping, "ping", -1, [.fast]),
            Command(.echo, "echo", 2, [.fast]),
            Command(.hello, "hello", -1, [.noAuthentication, .fast, .loading]),
            Command(.auth, "auth", -2, [.noAuthentication, .fast, .loading]),
            Command(.quit, "quit", -1, [.noAuthentication, .fast, .loading]),
            Command(.reset, "reset", 1, [.noAuthentication, .fast, .loading]),
            Command(.select, "select", 2, [.fast, .loading]),
            Command(.client, "client", -2, [.loading]),
            Command(.command, "command", -1, [.loading]),
            Command(.info, "info", -1, [.loading]),
            Command(.config, "config", -2, [.loading]),
            Command(.dbsize, "dbsize", 1, [.readOnly, .fast]),
            Command(.time, "time", 1, [.fast, .loading]),
            Command(.shutdown, "shutdown", -1, [.admin, .loading]),
            Command(.flushdb, "flushdb", -1, [.write, .admin, .slow]),
            Command(.flushall, "flushall", -1, [.write, .admin, .slow]),
        ]
    }()

    /// Names in lower case, as two words; longer names are no commands.
    private struct Name: Equatable {
        var low: UInt64 = 0
        var high: UInt64 = 0

        init(_ bytes: RawSpan) {
            for index in 0..<bytes.byteCount {
                let byte = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                let lower = UInt64(byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte)
                if index < 8 { low |= lower << (8 * UInt64(index)) } else { high |= lower << (8 * UInt64(index - 8)) }
            }
        }

        var slot: Int {
            Int(truncatingIfNeeded: ((low ^ high) &* 0x9E37_79B9_7F4A_7C15) >> 56)
        }
    }

    private static let slots = 256
    private static let longestName = 16
    private let names: [Name]
    private let indices: [Int16]

    private init() {
        var names = [Name](repeating: Name(RawSpan()), count: Self.slots)
        var indices = [Int16](repeating: -1, count: Self.slots)
        for (index, command) in commands.enumerated() {
            let name = command.name.withUTF8Buffer { Name(RawSpan(_unsafeElements: $0)) }
            var slot = name.slot
            while indices[slot] >= 0 { slot = (slot + 1) % Self.slots }
            names[slot] = name
            indices[slot] = Int16(index)
        }
        self.names = names
        self.indices = indices
    }

    /// The index of the command with this name, in any case; -1 if there is none.
    func find(_ bytes: RawSpan) -> Int {
        // A zero at the end would not tell from a shorter name.
        guard bytes.byteCount > 0, bytes.byteCount <= Self.longestName, bytes[byte: bytes.byteCount - 1] != 0 else {
            return -1
        }
        let name = Name(bytes)
        var slot = name.slot
        while indices[slot] >= 0 {
            if names[slot] == name { return Int(indices[slot]) }
            slot = (slot + 1) % Self.slots
        }
        return -1
    }
}
