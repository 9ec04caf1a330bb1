extension RawSpan {
    /// The byte at `index`.
    @inlinable
    package subscript(byte index: Int) -> UInt8 { unsafeLoad(fromByteOffset: index, as: UInt8.self) }

    /// These bytes as a signed 64-bit decimal, read as strictly as by Redis: no sign but `-`, no leading zero, no
    /// space, no `-0`.
    @inlinable
    package func parseInteger() -> Int64? {
        guard byteCount > 0, byteCount <= 20 else { return nil }
        let negative = self[byte: 0] == UInt8(ascii: "-")
        var index = negative ? 1 : 0
        guard index < byteCount else { return nil }
        let first = self[byte: index] &- UInt8(ascii: "0")
        if first == 0 { return byteCount == 1 ? 0 : nil }
        guard first < 10 else { return nil }
        var magnitude = UInt64(first)
        index += 1
        while index < byteCount {
            let digit = self[byte: index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (product, overflowed) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(UInt64(digit))
            guard !overflowed, !carried else { return nil }
            magnitude = sum
            index += 1
        }
        if negative { return magnitude <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil }
        return Int64(exactly: magnitude)
    }

    /// Whether these bytes are `word`, ASCII case aside. `word` is given in lower case.
    @inlinable
    package func equalsIgnoringCase(_ word: StaticString) -> Bool {
        guard byteCount == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { expected in
            for index in 0..<expected.count {
                let byte = self[byte: index]
                let lower = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
                if lower != expected[index] { return false }
            }
            return true
        }
    }
}
