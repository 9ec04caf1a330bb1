import RESP

/// One command: its name, how many arguments it takes and where its keys stand (Redis, "Command key specifications").
struct Command: Sendable, BitwiseCopyable {
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
        /// Allowed while the data directory is read.
        static let loading = Flags(rawValue: 64)
        /// May take long: it walks keys or connections, or waits for others. The time is taken again after it.
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
        case save, bgsave, bgrewriteaof, lastsave
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

    /// Whether it takes so many arguments, the name included.
    @inline(__always)
    func takes(_ count: Int) -> Bool { arity > 0 ? count == arity : count >= -arity }
}

/// All commands, and how to find one by the bytes of its name.
struct CommandTable: Sendable, BitwiseCopyable {
    static let shared = CommandTable()

    /// In the order of ``commands``.
    static let names = all.map { "\($0.name)" }

    let commands: StaticTable<Command>

    private static let all: [Command] = {
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
            Command(.randomkey, "randomkey", 1, [.readOnly, .slow]),
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
            Command(.echo, "echo", 2, [.fast, .loading]),
            Command(.hello, "hello", -1, [.noAuthentication, .fast, .loading]),
            Command(.auth, "auth", -2, [.noAuthentication, .fast, .loading]),
            Command(.quit, "quit", -1, [.noAuthentication, .fast, .loading]),
            Command(.reset, "reset", 1, [.noAuthentication, .fast, .loading]),
            Command(.select, "select", 2, [.fast, .loading]),
            Command(.client, "client", -2, [.loading, .slow]),
            Command(.command, "command", -1, [.loading, .slow]),
            Command(.info, "info", -1, [.loading, .slow]),
            Command(.config, "config", -2, [.loading, .slow]),
            Command(.dbsize, "dbsize", 1, [.readOnly, .fast]),
            Command(.time, "time", 1, [.fast, .loading]),
            Command(.shutdown, "shutdown", -1, [.admin, .loading]),
            Command(.save, "save", 1, [.admin]),
            Command(.bgsave, "bgsave", -1, [.admin]),
            Command(.bgrewriteaof, "bgrewriteaof", 1, [.admin]),
            Command(.lastsave, "lastsave", 1, [.fast, .loading]),
            Command(.flushdb, "flushdb", -1, [.write, .admin, .slow]),
            Command(.flushall, "flushall", -1, [.write, .admin, .slow]),
        ]
    }()

    /// A name as two words that may overlap, and its length; longer names are no commands.
    private struct Name: Equatable, BitwiseCopyable {
        /// Makes letters lower-case; nothing but a letter becomes one.
        private static let lowerCase: UInt64 = 0x2020_2020_2020_2020
        static let longest = 16

        private let first, last: UInt64
        private let count: Int

        /// No command's.
        init() { (first, last, count) = (0, 0, 0) }

        @inline(__always)
        init(_ bytes: RawSpan) {
            count = bytes.byteCount
            precondition(count > 0 && count <= Self.longest)
            func word(_ offset: Int) -> UInt64 { bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self) }
            func half(_ offset: Int) -> UInt64 {
                UInt64(bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
            }
            func byte(_ offset: Int) -> UInt64 { UInt64(bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)) }
            let words =
                if count >= 8 { (word(0), word(count &- 8)) } else if count >= 4 { (half(0), half(count &- 4)) } else {
                    (byte(0) | byte(count &>> 1) << 8, byte(count &- 1))
                }
            first = words.0 | Self.lowerCase
            last = words.1 | Self.lowerCase
        }

        @inline(__always)
        var slot: Int {
            Int(truncatingIfNeeded: ((first ^ last << 5 ^ UInt64(count)) &* 0x9E37_79B9_7F4A_7C15) >> 56)
        }
    }

    private struct Place: BitwiseCopyable {
        var name = Name()
        var index = -1
    }

    private static let slots = 256
    private let places: StaticTable<Place>

    private init() {
        var places = Array(repeating: Place(), count: Self.slots)
        for (index, command) in Self.all.enumerated() {
            let name = command.name.withUTF8Buffer { Name(RawSpan(_unsafeElements: $0)) }
            var slot = name.slot
            while places[slot].index >= 0 { slot = (slot + 1) % Self.slots }
            places[slot] = Place(name: name, index: index)
        }
        commands = StaticTable(Self.all)
        self.places = StaticTable(places)
    }

    /// The index of the command with this name, in any case; -1 if there is none.
    @inline(__always)
    func find(_ bytes: RawSpan) -> Int {
        guard bytes.byteCount > 0, bytes.byteCount <= Name.longest else { return -1 }
        let name = Name(bytes)
        var slot = name.slot
        while true {
            let place = places[slot]
            if place.index < 0 || place.name == name { return place.index }
            slot = (slot + 1) % Self.slots
        }
    }
}
