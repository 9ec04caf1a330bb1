/// One argument of a request: where its bytes stand, and what the owner of the batch notes about it.
@usableFromInline
package struct Argument: Sendable, BitwiseCopyable {
    @usableFromInline let offset: UInt32
    @usableFromInline let count: UInt32
    /// The number of a note of the owner's; -1 is none.
    @usableFromInline package var note = -1

    init(offset: Int, count: Int) {
        self.offset = UInt32(truncatingIfNeeded: offset)
        self.count = UInt32(truncatingIfNeeded: count)
    }

    /// Where its bytes stand in the input.
    @inlinable
    package var range: Range<Int> { Int(offset)..<(Int(offset) &+ Int(count)) }
}

/// Parsed requests of a batch that stand side by side and are alike; mostly one.
@usableFromInline
package struct Request: Sendable, BitwiseCopyable {
    /// Where its arguments begin in the batch.
    @usableFromInline package let first: Int
    /// How many it has; at least one, the command's name.
    @usableFromInline package let count: Int
    /// Where the first one's bytes end in the input.
    @usableFromInline package let end: Int
    /// How many there are; positive. More than one only of two arguments each: but for the second's bytes they are the
    /// same.
    @usableFromInline package internal(set) var times = 1
    /// How many bytes each takes, if there are more than one.
    @usableFromInline package internal(set) var size = 0
    /// What the owner of the batch notes: which command it is.
    @usableFromInline package var tag = 0

    /// Where so many of them end in the input.
    @inlinable
    package func end(of number: Int) -> Int { end &+ (number &- 1) &* size }
}

/// The requests of one read, or of several, parsed before the first is executed. Reused, so that parsing allocates
/// nothing.
@usableFromInline
package struct RequestBatch: ~Copyable {
    @usableFromInline var arguments = ReusableBuffer<Argument>(capacity: 256)
    @usableFromInline var requests = ReusableBuffer<Request>(capacity: 64)

    package init() {}

    /// How many requests there are.
    package private(set) var requestCount = 0
    /// How many there are that are not like the one before.
    @inlinable
    package var count: Int { requests.count }
    /// How many arguments they have; a request like the one before it adds none.
    @inlinable
    package var argumentCount: Int { arguments.count }

    @inlinable
    package subscript(index: Int) -> Request { requests[index] }

    @inlinable
    package func argument(_ index: Int) -> Argument { arguments[index] }

    @inlinable
    @_lifetime(borrow self)
    func span(of request: Request) -> Span<Argument> {
        arguments.span.extracting(request.first..<(request.first + request.count))
    }

    /// Forgets the requests, and gives back what an unusually large one took.
    package mutating func removeAll() {
        requestCount = 0
        requests.removeAll()
        arguments.removeAll()
    }

    @inlinable
    package mutating func setTag(_ tag: Int, of index: Int) { requests[index].tag = tag }

    /// Notes about an argument; of the requests that are like the first, the numbers after it.
    @inlinable
    package mutating func setNote(_ note: Int, ofArgument index: Int) { arguments[index].note = note }

    mutating func append(_ argument: Argument) { arguments.append(argument) }

    mutating func finishRequest(from first: Int, end: Int) {
        requests.append(Request(first: first, count: arguments.count - first, end: end))
        requestCount += 1
    }

    /// So many more, of `size` bytes each, are like the last one.
    mutating func repeatLast(_ more: Int, size: Int) {
        guard more > 0 else { return }
        requests[requests.count - 1].times += more
        requests[requests.count - 1].size = size
        requestCount += more
    }

    mutating func removeArguments(from first: Int) { arguments.removeLast(to: first) }
}
