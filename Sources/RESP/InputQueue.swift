/// Pending input of one connection: incomplete requests, or requests that may not be executed yet.
package struct InputQueue: Sendable {
    private var bytes: [UInt8] = []
    /// Bytes before this one have been executed.
    private var head = 0

    package init() {}

    package var count: Int { bytes.count - head }
    package var isEmpty: Bool { count == 0 }

    /// The pending bytes.
    package var span: RawSpan {
        @_lifetime(borrow self)
        get { bytes.span.bytes.extracting(head...) }
    }

    package mutating func append(_ input: RawSpan) { input.withUnsafeBytes { bytes.append(contentsOf: $0) } }

    /// Drops the first `count` bytes, which have been executed. The rest moves to the front rarely: each byte moves
    /// once on average.
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
