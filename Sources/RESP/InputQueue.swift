/// Input of one connection that waits: for the rest of a request, or until it may be executed.
package struct InputQueue: Sendable {
    private var bytes: [UInt8] = []
    /// Bytes before this one have been executed.
    private var head = 0

    package init() {}

    package var count: Int { bytes.count - head }
    package var isEmpty: Bool { count == 0 }

    /// What waits.
    package var span: RawSpan {
        @_lifetime(borrow self)
        get { bytes.span.bytes.extracting(head...) }
    }

    package mutating func append(_ input: RawSpan) { input.withUnsafeBytes { bytes.append(contentsOf: $0) } }

    /// The first `count` bytes have been executed. What is left moves to the front seldom enough that a byte is moved
    /// once, on average.
    package mutating func consume(_ count: Int) {
        precondition(count <= self.count)
        head += count
        if head == bytes.count {
            self = InputQueue()
        } else if head > bytes.count / 2 {
            bytes.removeFirst(head)
            head = 0
        }
    }
}
