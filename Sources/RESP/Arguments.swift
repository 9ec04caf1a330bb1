/// The arguments of one request of a batch: views of the input, valid while both stand.
public struct Arguments: ~Escapable {
    @usableFromInline let input: RawSpan
    @usableFromInline let arguments: Span<Argument>

    /// - Parameter input: the bytes that the batch was parsed from.
    @inlinable
    @_lifetime(copy input, borrow batch)
    public init(of request: Request, in batch: borrowing RequestBatch, input: RawSpan) {
        self.input = input
        arguments = batch.span(of: request)
    }

    /// How many there are, the command's name included.
    @inlinable
    public var count: Int { arguments.count }

    @inlinable
    public subscript(index: Int) -> RawSpan {
        @_lifetime(copy self)
        get { input.extracting(arguments[index].range) }
    }

    /// What the owner of the batch noted about an argument; -1 if nothing.
    @inlinable
    public func note(_ index: Int) -> Int { arguments[index].note }

    /// A copy of an argument as text.
    public func text(_ index: Int) -> String {
        self[index].withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}
