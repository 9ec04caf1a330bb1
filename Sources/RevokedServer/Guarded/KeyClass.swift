import Denylist
import RESP

/// What a key is to the daemon. Every command asks here before it reads, writes or lists a key.
enum KeyClass: Equatable {
    /// A plain Redis string.
    case plain
    /// A revocation: its key begins with the guarded prefix.
    case guarded
    /// One of the daemon's own keys.
    case own(OwnKey)
}

/// The daemon's own keys. They answer by name to every command that reads, and only `SET` writes them, by the rules of
/// ``OwnKeyRules``. They lie in database 0 and belong to none: `DBSIZE KEYS SCAN RANDOMKEY` and `INFO keyspace` leave
/// them out, so that a program that counts keys, or deletes what `KEYS *` returned, never meets them.
enum OwnKey: CaseIterable {
    /// The identity of the denylist.
    case epoch
    /// What all processes of a denylist agree on.
    case terms
    /// The change of epochs that an operator accepted.
    case acceptance

    var name: StaticString {
        switch self {
        case .epoch: "revoked.epoch"
        case .terms: "revoked.terms"
        case .acceptance: "revoked.accepted"
        }
    }

    /// One comparison of eight bytes for nearly every key: reads of guarded keys ask too.
    @inline(__always)
    init?(_ key: RawSpan) {
        guard Self.mayHave(length: key.byteCount),
            key.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self) == Self.beginning
        else { return nil }
        self.init(beginningRight: key)
    }

    /// The last eight bytes overlap the first eight, or follow them: they tell the rest.
    @inline(never)
    private init?(beginningRight key: RawSpan) {
        let end = key.unsafeLoadUnaligned(fromByteOffset: key.byteCount - 8, as: UInt64.self)
        guard let own = Self.allCases.first(where: { $0.name.utf8CodeUnitCount == key.byteCount && $0.end == end })
        else { return nil }
        self = own
    }

    /// The last eight bytes of its name, as they lie in memory.
    private var end: UInt64 {
        name.withUTF8Buffer { name in
            UnsafeRawBufferPointer(name).loadUnaligned(fromByteOffset: name.count - 8, as: UInt64.self)
        }
    }

    /// Whether any of the names is this long; it is 8 or more then.
    @inline(__always)
    static func mayHave(length: Int) -> Bool { length == 13 || length == 16 }

    /// `revoked.`, as it lies in memory.
    private static let beginning = UInt64(littleEndian: 0x2E64_656B_6F76_6572)
}

extension ServingContext {
    /// Reads a key's entry, whatever its class, and counts the lookup.
    /// - Parameters:
    ///   - index: the key's place among the arguments, of which all but the name are keys up to there.
    ///   - body: takes the value, which is valid only during the call, and the expiry (`Expiry.never` if none).
    /// - Returns: nil if there is no live entry.
    @inline(__always)
    mutating func read<Result>(
        _ index: Int, of arguments: borrowing Arguments,
        _ body: (_ value: RawSpan, _ expiry: Int64, _ reply: inout ReplyBuffer) -> Result
    ) -> Result? {
        let (key, hash) = (arguments[index], arguments.keyHash(index &- 1))
        let found = table(of: key, hash)?.read(key, hash: hash, at: moment) { body($0, $1, &reply) }
        count(hash, hit: found != nil)
        if OwnKey(key) == .epoch { hasReadEpoch = true }
        return found
    }

    /// Whether there is a live entry of a key, whatever its class; counts the lookup.
    @inline(__always)
    mutating func exists(_ index: Int, of arguments: borrowing Arguments) -> Bool {
        let (key, hash) = (arguments[index], arguments.keyHash(index &- 1))
        let exists = table(of: key, hash)?.contains(key, hash: hash, at: moment) ?? false
        count(hash, hit: exists)
        return exists
    }

    /// Where a key is looked up: guarded keys and the daemon's own in database 0, all others in the selected one.
    /// - Returns: nil if nothing was ever written to that database.
    @inline(__always)
    func table(of key: RawSpan, _ hash: KeyHash) -> Denylist.Keys? {
        database == 0 ? denylist : tableElsewhere(of: key, hash)
    }

    @inline(never)
    private func tableElsewhere(of key: RawSpan, _ hash: KeyHash) -> Denylist.Keys? {
        hash.isGuarded || OwnKey(key) != nil ? denylist : denylist.database(database)
    }
}
