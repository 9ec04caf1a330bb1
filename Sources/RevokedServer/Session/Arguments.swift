import Denylist
import RESP

/// The arguments of the command being executed, its name first, with the hashes of its keys.
struct Arguments: ~Escapable {
    private let arguments: RequestArguments
    private let keyHashes: Span<KeyHash>

    @_lifetime(copy arguments, copy keyHashes)
    init(_ arguments: RequestArguments, keyHashes: Span<KeyHash>) {
        self.arguments = arguments
        self.keyHashes = keyHashes
    }

    /// How many there are, the command's name included.
    @inline(__always)
    var count: Int { arguments.count }

    @inline(__always)
    subscript(index: Int) -> RawSpan {
        @_lifetime(copy self)
        get { arguments[index] }
    }

    /// A copy of an argument as text.
    func text(_ index: Int) -> String { arguments.text(index) }

    /// The hash of one of the command's keys.
    /// - Parameter number: counts keys, not arguments; the first is 0.
    @inline(__always)
    func keyHash(_ number: Int) -> KeyHash { keyHashes[number] }

    /// Whether nothing follows the first `count` but, at most, `SYNC` or `ASYNC`: what each `FLUSH` takes.
    func endWithFlushMode(after count: Int) -> Bool {
        self.count == count
            || self.count == count + 1
                && (self[count].equalsIgnoringCase("sync") || self[count].equalsIgnoringCase("async"))
    }
}
