/// What a command does with its keys, as `COMMAND INFO` gives it (Redis, "Command key specifications").
struct KeyUse: OptionSet, Sendable, BitwiseCopyable {
    let rawValue: Int
    static let readOnly = KeyUse(rawValue: 1)
    static let readWrite = KeyUse(rawValue: 2)
    static let overwrite = KeyUse(rawValue: 4)
    static let remove = KeyUse(rawValue: 8)
    /// It hands out the value, or what says something of it.
    static let access = KeyUse(rawValue: 16)
    static let update = KeyUse(rawValue: 32)
    static let insert = KeyUse(rawValue: 64)
    static let delete = KeyUse(rawValue: 128)
    static let variable = KeyUse(rawValue: 256)
    /// It is no key, but Redis Cluster keeps it where a key of that name would be.
    static let channel = KeyUse(rawValue: 512)

    /// `GET`, `TTL`.
    static let reads: KeyUse = [.readOnly, .access]
    /// `EXISTS`, `TYPE`: to Redis they need no right to read; any rule that matches the key will do.
    static let looks: KeyUse = [.readOnly]
    static let sets: KeyUse = [.readWrite, .access, .update, .variable]
    static let overwrites: KeyUse = [.overwrite, .update]
    static let inserts: KeyUse = [.overwrite, .insert]
    static let removes: KeyUse = [.remove, .delete]
    /// `GETDEL`.
    static let takes: KeyUse = [.readWrite, .access, .delete]
    /// `APPEND`.
    static let grows: KeyUse = [.readWrite, .insert]
    /// `DELEX`: with a condition it tells of the value, too.
    static let takesIf: KeyUse = [.readWrite, .delete, .variable]
    /// `GETEX`.
    static let readsAndUpdates: KeyUse = [.readWrite, .access, .update]
    /// `EXPIRE`.
    static let updates: KeyUse = [.readWrite, .update]

    var names: [String] {
        [
            (Self.readOnly, "RO"), (.readWrite, "RW"), (.overwrite, "OW"), (.remove, "RM"), (.access, "access"),
            (.update, "update"), (.insert, "insert"), (.delete, "delete"), (.variable, "variable_flags"),
            (.channel, "not_key"),
        ].filter { contains($0.0) }.map(\.1)
    }

    /// The rights that a user needs.
    @inline(__always)
    var access: KeyAccess {
        var access: KeyAccess = []
        if contains(.access) { access.insert(.read) }
        if !isDisjoint(with: [.update, .insert, .delete]) { access.insert(.write) }
        return access
    }
}
