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
    /// Whether it has two arguments and takes as many bytes as the request before it in the batch, which is the same but for
    /// the second argument's bytes. Only then: it may be so without being said.
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

    /// The request at `index` and those after it that are like it: of two arguments each, of the same name, of one length,
    /// and at equal distances.
    @inlinable
    public func run(from index: Int) -> Range<Int> {
        var end = index + 1
        while end < requests.count, requests[end].isLikePrevious { end += 1 }
        return index..<end
    }

    @inlinable
    public mutating func setTag(_ tag: Int, ofRequests run: Range<Int>) {
        for index in run { requests[index].tag = tag }
    }

    /// Notes about one argument of each request of a run, counted from its command's name: `first` and the numbers after it.
    @inlinable
    public mutating func setNotes(from first: Int, ofArgument argument: Int, of run: Range<Int>) {
        for index in run {
            arguments[requests[index].first + argument].note = first + index - run.lowerBound
        }
    }

    @inlinable
    public mutating func setNote(_ note: Int, ofArgument index: Int) { arguments[index].note = note }

    mutating func append(_ argument: Argument) { arguments.append(argument) }

    mutating func finishRequest(from first: Int, end: Int) {
        requests.append(
            Request(first: first, count: arguments.count - first, end: end, isLikePrevious: false, tag: 0))
    }

    /// Makes room for so many more requests of two arguments.
    mutating func reservePairs(_ count: Int) {
        requests.reserve(count)
        arguments.reserve(2 * count)
    }

    /// Adds, where room was reserved, a request of two arguments whose name is that of the request before it.
    @inline(__always)
    mutating func appendLikePrevious(_ name: Argument, _ argument: Argument, end: Int) {
        requests.appendReserved(Request(first: arguments.count, count: 2, end: end, isLikePrevious: true, tag: 0))
        arguments.appendReserved(name)
        arguments.appendReserved(argument)
    }

    mutating func removeArguments(from first: Int) { arguments.removeLast(to: first) }
}
