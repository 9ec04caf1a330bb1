/// A command and its arguments, in one buffer.
struct Command: Sendable, Equatable {
    /// The arguments' bytes, one after the other.
    private(set) var bytes: [UInt8] = []
    /// How long each argument is.
    private(set) var lengths: [Int] = []

    init(_ name: StaticString, _ arguments: some Collection<String>) {
        bytes.reserveCapacity(arguments.reduce(name.utf8CodeUnitCount) { $0 + $1.utf8.count })
        lengths.reserveCapacity(arguments.count + 1)
        append(name.description.utf8)
        for argument in arguments { append(argument.utf8) }
    }

    init(_ name: StaticString, _ arguments: String...) {
        self.init(name, arguments)
    }

    mutating func append(_ argument: some Collection<UInt8>) {
        let start = bytes.count
        bytes.append(contentsOf: argument)
        lengths.append(bytes.count - start)
    }
}
