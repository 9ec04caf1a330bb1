/// A few plain values that never change and are never freed. Unlike an array, it counts no references.
// @unchecked: the referenced memory is never written.
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
