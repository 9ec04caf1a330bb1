/// The position of an argument's bytes in the input.
@usableFromInline
package struct Argument: Sendable, BitwiseCopyable {
    @usableFromInline let offset: UInt32
    @usableFromInline let count: UInt32

    init(offset: Int, count: Int) {
        self.offset = UInt32(truncatingIfNeeded: offset)
        self.count = UInt32(truncatingIfNeeded: count)
    }

    @inlinable
    package var range: Range<Int> { Int(offset)..<(Int(offset) &+ Int(count)) }
}

/// One parsed request of a batch.
@usableFromInline
package struct Request: Sendable, BitwiseCopyable {
    /// The index of its first argument in the batch.
    @usableFromInline package let first: Int
    /// The number of its arguments; at least one, the command's name.
    @usableFromInline package let count: Int
    /// The end of its bytes in the input.
    @usableFromInline package let end: Int
}

/// Requests parsed from one input. Reused, so that parsing allocates nothing.
@usableFromInline
package struct RequestBatch: ~Copyable {
    @usableFromInline var arguments = ReusableBuffer<Argument>(capacity: 256)
    @usableFromInline var requests = ReusableBuffer<Request>(capacity: 64)

    package init() {}

    /// The number of requests.
    @inlinable
    package var count: Int { requests.count }
    /// The number of arguments of all requests.
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

    /// Removes the requests, and frees the memory of an unusually large one.
    package mutating func removeAll() {
        requests.removeAll()
        arguments.removeAll()
    }

    mutating func append(_ argument: Argument) { arguments.append(argument) }

    mutating func finishRequest(from first: Int, end: Int) {
        requests.append(Request(first: first, count: arguments.count - first, end: end))
    }

    mutating func removeArguments(from first: Int) { arguments.removeLast(to: first) }
}
