/// One argument of a request: where its bytes stand, and what the owner of the batch notes about it.
public struct Argument: Sendable, BitwiseCopyable {
    @usableFromInline let offset: UInt32
    @usableFromInline let count: UInt32
    /// The number of a note of the owner's; -1 is none.
    public var note = -1

    init(offset: Int, count: Int) {
        self.offset = UInt32(truncatingIfNeeded: offset)
        self.count = UInt32(truncatingIfNeeded: count)
    }

    /// The same, so many bytes further on.
    func moved(by count: Int) -> Argument { Argument(offset: range.lowerBound &+ count, count: range.count) }

    /// Where its bytes stand in the input.
    @inlinable
    public var range: Range<Int> { Int(offset)..<(Int(offset) &+ Int(count)) }
}

/// One parsed request of a batch.
public struct Request: Sendable, BitwiseCopyable {
    /// Where its arguments begin in the batch.
    public let first: Int
    /// How many it has; at least one, the command's name.
    public let count: Int
    /// Where its bytes end in the input.
    public let end: Int
    /// Whether its first argument, the command's name, is that of the request before it in the batch, byte for byte. Only
    /// then: it may be so without being said.
    public let isLikePrevious: Bool
    /// What the owner of the batch notes: which command it is.
    public var tag: Int
}

/// The requests of one read, parsed before the first is executed. Reused, so that parsing allocates nothing.
public struct RequestBatch: ~Copyable {
    @usableFromInline var arguments = Scratch<Argument>(capacity: 256)
    @usableFromInline var requests = Scratch<Request>(capacity: 64)

    public init() {}

    /// How many requests there are.
    @inlinable
    public var count: Int { requests.count }
    /// How many arguments they have.
    @inlinable
    public var argumentCount: Int { arguments.count }

    @inlinable
    public subscript(index: Int) -> Request { requests[index] }

    @inlinable
    public func argument(_ index: Int) -> Argument { arguments[index] }

    @inlinable
    @_lifetime(borrow self)
    func span(of request: Request) -> Span<Argument> {
        arguments.span.extracting(request.first..<(request.first + request.count))
    }

    /// Forgets the requests, and gives back what an unusually large one took.
    @inlinable
    public mutating func removeAll() {
        requests.removeAll()
        arguments.removeAll()
    }

    @inlinable
    public mutating func setTag(_ tag: Int, ofRequest index: Int) { requests[index].tag = tag }
    @inlinable
    public mutating func setNote(_ note: Int, ofArgument index: Int) { arguments[index].note = note }

    mutating func append(_ argument: Argument) { arguments.append(argument) }

    mutating func finishRequest(from first: Int, end: Int, isLikePrevious: Bool = false) {
        requests.append(
            Request(first: first, count: arguments.count - first, end: end, isLikePrevious: isLikePrevious, tag: 0))
    }

    mutating func removeArguments(from first: Int) { arguments.removeLast(to: first) }
}
