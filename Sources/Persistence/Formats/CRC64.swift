/// CRC-64/Jones as Redis uses it in RDB files: reflected, polynomial 0xAD93D23594C935A9, start and final mask 0. Any
/// number of bytes may be added at a time.
struct CRC64: Sendable, Equatable {
    private(set) var value: UInt64

    init(_ value: UInt64 = 0) { self.value = value }

    mutating func add(_ bytes: RawSpan) {
        let tables = Self.tables.span
        let end = bytes.byteCount
        var crc = value
        var position = 0
        while end &- position >= 16 {
            let low = crc ^ bytes.word(at: position)
            crc = Self.sum(tables, low, after: 8) ^ Self.sum(tables, bytes.word(at: position &+ 8), after: 0)
            position &+= 16
        }
        while position < end {
            let byte = bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
            crc = tables[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8
            position &+= 1
        }
        value = crc
    }

    /// The CRC of 8 bytes with `count` more bytes, 0 or 8, behind them.
    @inline(__always)
    private static func sum(_ tables: Span<UInt64>, _ word: UInt64, after count: Int) -> UInt64 {
        // A byte chooses among 256 entries of one of 16 tables, so no index is out of bounds.
        func entry(_ index: Int) -> UInt64 {
            let byte = Int(truncatingIfNeeded: word >> UInt64(index &* 8) & 0xFF)
            return tables[unchecked: (count &+ 7 &- index) &* 256 &+ byte]
        }
        return (entry(0) ^ entry(1)) ^ (entry(2) ^ entry(3)) ^ ((entry(4) ^ entry(5)) ^ (entry(6) ^ entry(7)))
    }

    func adding(_ bytes: RawSpan) -> CRC64 {
        var sum = self
        sum.add(bytes)
        return sum
    }

    /// Sixteen bytes at a time ("slicing by 16"): table `n` holds the CRC of a byte followed by `n` zero bytes.
    private static let tables: [UInt64] = {
        let reflectedPolynomial: UInt64 = 0x95AC_9329_AC4B_C9B5
        var tables = [UInt64](repeating: 0, count: 16 * 256)
        for byte in 0..<256 {
            var crc = UInt64(byte)
            for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ reflectedPolynomial }
            tables[byte] = crc
        }
        for index in 256..<tables.count {
            let previous = tables[index - 256]
            tables[index] = tables[Int(previous & 0xFF)] ^ previous >> 8
        }
        return tables
    }()
}

extension RawSpan {
    @inline(__always)
    fileprivate func word(at offset: Int) -> UInt64 {
        UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}
