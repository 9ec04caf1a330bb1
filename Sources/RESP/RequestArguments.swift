/// The arguments of one request of a batch: views of the input, valid while both exist.
@usableFromInline
package struct RequestArguments: ~Escapable {
    @usableFromInline let input: RawSpan
    @usableFromInline let arguments: Span<Argument>

    /// - Parameter input: the bytes that the batch was parsed from.
    @inlinable
    @_lifetime(copy input, borrow batch)
    package init(of request: Request, in batch: borrowing RequestBatch, input: RawSpan) {
        self.input = input
        arguments = batch.span(of: request)
    }

    /// The number of arguments, the command's name included.
    @inlinable
    package var count: Int { arguments.count }

    @inlinable
    package subscript(index: Int) -> RawSpan {
        @_lifetime(copy self)
        @inline(__always)
        get { input.extracting(arguments[index].range) }
    }

    /// A copy of an argument as text.
    package func text(_ index: Int) -> String {
        self[index].withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}
