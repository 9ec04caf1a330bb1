/// Growing memory for plain values, which is reused. An array would check at each access whether it is shared.
// @unchecked: not copyable, so a writer has exclusive access.
@usableFromInline
package struct ReusableBuffer<Element: BitwiseCopyable & Sendable>: ~Copyable, @unchecked Sendable {
    @usableFromInline var start: UnsafeMutablePointer<Element>
    @usableFromInline var capacity: Int
    @usableFromInline let usualCapacity: Int
    @usableFromInline var filled = 0

    /// - Parameter capacity: the number of elements for which there is always room; positive.
    @inlinable
    package init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
        usualCapacity = capacity
        start = .allocate(capacity: capacity)
    }

    @inlinable
    deinit { start.deallocate() }

    @inlinable
    package var count: Int { filled }

    @inlinable
    package subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < filled)
            return start[index]
        }
        set {
            precondition(index >= 0 && index < filled)
            start[index] = newValue
        }
    }

    @inlinable
    package mutating func append(_ element: Element) {
        if filled == capacity { grow() }
        (start + filled).initialize(to: element)
        filled &+= 1
    }

    @inlinable @inline(never)
    mutating func grow() {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: start, count: filled)
        start.deallocate()
        start = larger
        capacity *= 2
    }

    /// Removes the elements from `count` on.
    @inlinable
    package mutating func removeLast(to count: Int) {
        precondition(count >= 0 && count <= filled)
        filled = count
    }

    /// Removes all elements, and frees the memory of an unusual number of them.
    @inlinable
    package mutating func removeAll() {
        filled = 0
        if capacity > usualCapacity * 256 { shrink() }
    }

    @inlinable @inline(never)
    mutating func shrink() {
        start.deallocate()
        capacity = usualCapacity
        start = .allocate(capacity: capacity)
    }

    @inlinable
    package var indices: Range<Int> { 0..<filled }

    @inlinable
    package var span: Span<Element> {
        @_lifetime(borrow self)
        get { _overrideLifetime(Span(_unsafeStart: start, count: filled), borrowing: self) }
    }
}
