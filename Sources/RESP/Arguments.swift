/// The arguments of one request of a batch: views of the input, valid while both stand.
public struct Arguments: ~Escapable {
    private let input: RawSpan
    private let arguments: Span<Argument>

    /// - Parameter input: the bytes that the batch was parsed from.
    @_lifetime(copy input, borrow batch)
    public init(of request: Request, in batch: borrowing RequestBatch, input: RawSpan) {
        self.input = input
        arguments = batch.arguments.span.extracting(request.first..<(request.first + request.count))
    }

    /// How many there are, the command's name included.
    public var count: Int { arguments.count }

    public subscript(index: Int) -> RawSpan {
        @_lifetime(copy self)
        get {
            let argument = arguments[index]
            let start = Int(argument.offset)
            return input.extracting(start..<(start + Int(argument.count)))
        }
    }

    /// The hash of a key.
    public func hash(_ index: Int) -> UInt64 { arguments[index].hash }

    /// A copy of an argument as text.
    public func text(_ index: Int) -> String {
        self[index].withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}
