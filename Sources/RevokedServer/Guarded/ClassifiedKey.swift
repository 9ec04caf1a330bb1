import Denylist
import RESP

/// A key of a command, with what was found out about it once: its hash, which tells guarded keys, and its class.
struct ClassifiedKey {
    /// The key's place among the arguments.
    let index: Int
    let hash: KeyHash
    let keyClass: KeyClass
    /// The database that holds it.
    let database: Int

    var isGuarded: Bool { hash.isGuarded }
}

extension ServingContext {
    /// - Parameters:
    ///   - index: the place of one of the command's keys among the arguments.
    ///   - number: which of its keys that is, from 0 on; nil if all arguments before it but the name are keys.
    @inline(__always)
    func classify(_ index: Int, number: Int? = nil, of arguments: borrowing Arguments) -> ClassifiedKey {
        let hash = arguments.keyHash(number ?? index &- 1)
        let keyClass: KeyClass =
            hash.isGuarded ? .guarded : OwnKey(arguments[index]).map(KeyClass.own) ?? .plain
        return ClassifiedKey(
            index: index, hash: hash, keyClass: keyClass, database: keyClass == .plain ? database : 0)
    }
}
