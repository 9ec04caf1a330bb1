/// What happened to a key, as Redis' keyspace notifications name it. One write may be several events: they happen in
/// the order of their bits.
struct KeyEvent: OptionSet, Sendable, BitwiseCopyable {
    let rawValue: UInt32

    /// The key was not there before.
    static let new = KeyEvent(rawValue: 1)
    static let set = KeyEvent(rawValue: 1 << 1)
    static let incrby = KeyEvent(rawValue: 1 << 2)
    static let incrbyfloat = KeyEvent(rawValue: 1 << 3)
    static let append = KeyEvent(rawValue: 1 << 4)
    static let setrange = KeyEvent(rawValue: 1 << 5)
    static let setbit = KeyEvent(rawValue: 1 << 6)
    static let renameFrom = KeyEvent(rawValue: 1 << 7)
    static let renameTo = KeyEvent(rawValue: 1 << 8)
    static let moveFrom = KeyEvent(rawValue: 1 << 9)
    static let moveTo = KeyEvent(rawValue: 1 << 10)
    static let copyTo = KeyEvent(rawValue: 1 << 11)
    static let del = KeyEvent(rawValue: 1 << 12)
    static let expire = KeyEvent(rawValue: 1 << 13)
    static let persist = KeyEvent(rawValue: 1 << 14)
    static let expired = KeyEvent(rawValue: 1 << 15)

    /// In the order of the bits.
    private static let names: [StaticString] = [
        "new", "set", "incrby", "incrbyfloat", "append", "setrange", "setbit", "rename_from", "rename_to", "move_from",
        "move_to", "copy_to", "del", "expire", "persist", "expired",
    ]

    /// The single events of it, with their names.
    var each: [(event: KeyEvent, name: StaticString)] {
        Self.names.enumerated().compactMap { bit, name in
            rawValue & 1 << bit == 0 ? nil : (KeyEvent(rawValue: 1 << bit), name)
        }
    }
}
