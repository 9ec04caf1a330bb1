import Synchronization

/// Part of a large value that is never copied. Without it, Swift 6.3 hands a copy of all bytes to each method that only
/// borrows the value and is not inlined: 4 KB for an event, where this is in a reactor's loop. A type that holds an
/// atomic has to stay where it is, so it is passed by its address (Decision 24).
struct PassedByAddress: ~Copyable, Sendable {
    private let atomic = Atomic(false)
}
