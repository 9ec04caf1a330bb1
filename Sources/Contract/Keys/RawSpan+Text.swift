extension RawSpan {
    /// Whether these bytes begin with `text`.
    @inlinable @inline(__always)
    func starts(with text: StaticString, at offset: Int = 0) -> Bool {
        let count = text.utf8CodeUnitCount
        guard byteCount - offset >= count else { return false }
        return text.withUTF8Buffer { expected in
            for index in 0..<count where unsafeLoad(fromByteOffset: offset + index, as: UInt8.self) != expected[index] {
                return false
            }
            return true
        }
    }

    @inlinable @inline(__always)
    func equals(_ text: StaticString) -> Bool {
        byteCount == text.utf8CodeUnitCount && starts(with: text)
    }

    @inlinable
    subscript(byte index: Int) -> UInt8 { unsafeLoad(fromByteOffset: index, as: UInt8.self) }
}
