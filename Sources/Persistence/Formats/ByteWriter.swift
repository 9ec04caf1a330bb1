extension [UInt8] {
    /// Appends what `write` writes, at most `size` bytes, with one check for room instead of one for each piece.
    @inline(__always)
    mutating func append(atMost size: Int, _ write: (inout ByteWriter) -> Void) {
        append(addingCapacity: size + ByteWriter.slack) { output in
            output.withUnsafeMutableBufferPointer { buffer, count in
                var writer = ByteWriter(UnsafeMutableRawBufferPointer(buffer), from: count)
                write(&writer)
                count = writer.count
            }
        }
    }
}

/// Writes into memory that must be large enough; this is asserted.
struct ByteWriter {
    /// Short numbers are written as 8 bytes, of which only the first count.
    fileprivate static let slack = 8

    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count: Int

    @inline(__always)
    fileprivate init(_ memory: UnsafeMutableRawBufferPointer, from count: Int) {
        self.memory = memory
        self.count = count
    }

    /// The place of the next `size` bytes. ``slack`` more bytes behind them may be overwritten.
    @inline(__always)
    private mutating func take(_ size: Int) -> UnsafeMutableRawPointer {
        precondition(size >= 0 && size <= memory.count &- Self.slack &- count, "more than room was made for")
        defer { count &+= size }
        return memory.baseAddress.unsafelyUnwrapped + count
    }

    @inline(__always)
    mutating func append(byte: UInt8) { take(1).storeBytes(of: byte, as: UInt8.self) }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        take(text.utf8CodeUnitCount).copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
    }

    @inline(__always)
    mutating func append(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { source in
            let target = take(source.count)
            if let start = source.baseAddress { target.copyMemory(from: start, byteCount: source.count) }
        }
    }

    @inline(__always)
    mutating func append<Number: FixedWidthInteger & BitwiseCopyable>(littleEndian number: Number) {
        take(MemoryLayout<Number>.size).storeBytes(of: number.littleEndian, as: Number.self)
    }

    /// A number in decimal, without leading zeros.
    @inline(__always)
    mutating func append(decimal number: UInt64) {
        switch number {
        case ..<10: append(byte: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number))
        case ..<100_000_000: appendShort(number)
        default: appendLong(number)
        }
    }

    private mutating func appendLong(_ number: UInt64) {
        let (high, low) = number.quotientAndRemainder(dividingBy: 100_000_000)
        append(decimal: high)
        append(littleEndian: Self.digits(low) | Self.zeros)
    }

    /// A number of 8 digits at most that is not 0.
    @inline(__always)
    private mutating func appendShort(_ number: UInt64) {
        let digits = Self.digits(number)
        let leadingZeros = digits.trailingZeroBitCount / 8
        let text = (digits | Self.zeros) >> UInt64(leadingZeros * 8)
        take(8 &- leadingZeros).storeBytes(of: text.littleEndian, as: UInt64.self)
    }

    private static let zeros: UInt64 = 0x3030_3030_3030_3030

    /// The 8 decimal digits of a number below 10⁸, one a byte, the first digit lowest. All pairs are divided at once.
    @inline(__always)
    private static func digits(_ number: UInt64) -> UInt64 {
        let (high, low) = number.quotientAndRemainder(dividingBy: 10_000)
        let fours = high | low << 32
        let hundreds = (fours &* 10_486) >> 20 & 0x0000_007F_0000_007F
        let twos = hundreds | (fours &- hundreds &* 100) << 16
        let tens = (twos &* 103) >> 10 & 0x000F_000F_000F_000F
        return tens | (twos &- tens &* 10) << 8
    }
}
