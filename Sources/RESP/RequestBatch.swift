/// One argument of a request: where its bytes stand, and the hash of it if it is a key.
public struct Argument: Sendable {
    @usableFromInline var offset: UInt32
    @usableFromInline var count: UInt32
    public var hash: UInt64 = 0

    @inlinable
    init(offset: Int, count: Int) {
        self.offset = UInt32(truncatingIfNeeded: offset)
        self.count = UInt32(truncatingIfNeeded: count)
    }
}

/// One parsed request of a batch.
public struct Request: Sendable {
    /// Where its arguments begin in the batch.
    public let first: Int
    /// How many it has; at least one, the command's name.
    public let count: Int
    /// Where its bytes end in the input.
    public let end: Int
    /// What the owner of the batch notes: which command it is.
    public var tag: Int
}

/// The requests of one read, parsed before the first is executed. Reused, so that parsing allocates nothing.
public struct RequestBatch: ~Copyable {
    public private(set) var arguments: [Argument] = []
    public private(set) var requests: [Request] = []
    /// The hashes of all keys, in their order.
    public private(set) var keyHashes: [UInt64] = []

    public init() {
        arguments.reserveCapacity(256)
        requests.reserveCapacity(64)
        keyHashes.reserveCapacity(64)
    }

    /// Forgets the requests, and gives back what an unusually large one took.
    public mutating func removeAll() {
        requests.removeAll(keepingCapacity: true)
        keyHashes.removeAll(keepingCapacity: keyHashes.capacity <= 1 << 16)
        arguments.removeAll(keepingCapacity: arguments.capacity <= 1 << 16)
    }

    public mutating func setTag(_ tag: Int, ofRequest index: Int) { requests[index].tag = tag }
    public mutating func setHash(_ hash: UInt64, ofArgument index: Int) {
        arguments[index].hash = hash
        keyHashes.append(hash)
    }

    /// Where the bytes of an argument stand.
    @inlinable
    public func range(ofArgument index: Int) -> Range<Int> {
        let argument = arguments[index]
        return Int(argument.offset)..<(Int(argument.offset) + Int(argument.count))
    }

    mutating func append(_ argument: Argument) { arguments.append(argument) }

    mutating func finishRequest(from first: Int, end: Int) {
        requests.append(Request(first: first, count: arguments.count - first, end: end, tag: 0))
    }

    mutating func removeArguments(from first: Int) { arguments.removeSubrange(first...) }
}
