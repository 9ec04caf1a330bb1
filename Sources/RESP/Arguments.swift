/// The arguments of one request of a batch: views of the input, valid while both stand.
@usableFromInline
package struct Arguments: ~Escapable {
    @usableFromInline let input: RawSpan
    @usableFromInline let arguments: Span<Argument>
    @usableFromInline let number: Int
    /// How many bytes further on they stand than the first one's.
    @usableFromInline let distance: Int

    /// - Parameters:
    ///   - number: which of those that are alike, from 0 on.
    ///   - input: the bytes that the batch was parsed from.
    @inlinable
    @_lifetime(copy input, borrow batch)
    package init(of request: Request, number: Int = 0, in batch: borrowing RequestBatch, input: RawSpan) {
        self.input = input
        arguments = batch.span(of: request)
        self.number = number
        distance = number &* request.size
    }

    /// How many there are, the command's name included.
    @inlinable
    package var count: Int { arguments.count }

    @inlinable
    package subscript(index: Int) -> RawSpan {
        @_lifetime(copy self)
        get {
            let range = arguments[index].range
            return input.extracting((range.lowerBound &+ distance)..<(range.upperBound &+ distance))
        }
    }

    /// What the owner of the batch noted about an argument, which it did.
    @inlinable
    package func note(_ index: Int) -> Int { arguments[index].note &+ number }

    /// A copy of an argument as text.
    package func text(_ index: Int) -> String {
        self[index].withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
}
