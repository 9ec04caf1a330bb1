import Denylist
import RESP

/// A key of a command, with what was found out about it once: its hash, which tells guarded keys, and its class.
struct ClassifiedKey {
    /// The key's place among the arguments.
    let index: Int
    let hash: KeyHash
    let keyClass: KeyClass

    var isGuarded: Bool { hash.isGuarded }
}

extension Worker {
    /// - Parameter index: the place of one of the command's keys among the arguments.
    @inline(__always)
    func classify(_ index: Int, of arguments: borrowing Arguments) -> ClassifiedKey {
        let hash = hash(index, of: arguments)
        let keyClass: KeyClass =
            hash.isGuarded ? .guarded : OwnKey(arguments[index]).map(KeyClass.own) ?? .plain
        return ClassifiedKey(index: index, hash: hash, keyClass: keyClass)
    }
}
