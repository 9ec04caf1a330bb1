/// A few plain values that never change and are never freed. Whoever has it counts no references, as with an array.
// @unchecked: nobody writes what it refers to.
@usableFromInline
package struct StaticTable<Element: BitwiseCopyable & Sendable>: BitwiseCopyable, @unchecked Sendable {
    @usableFromInline let start: UnsafePointer<Element>
    @usableFromInline package let count: Int

    package init(_ elements: [Element]) {
        let copy = UnsafeMutableBufferPointer<Element>.allocate(capacity: max(1, elements.count))
        _ = copy.initialize(from: elements)
        start = UnsafePointer(copy.baseAddress.unsafelyUnwrapped)
        count = elements.count
    }

    @inlinable
    package subscript(index: Int) -> Element {
        precondition(index >= 0 && index < count)
        return start[index]
    }

    @inlinable
    package var indices: Range<Int> { 0..<count }
}
