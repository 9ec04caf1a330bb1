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
        while position &+ 8 <= end {
            crc ^= UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
            var sum: UInt64 = 0
            for index in 0..<8 { sum ^= tables[(7 &- index) &* 256 &+ Int(crc >> UInt64(index &* 8) & 0xFF)] }
            crc = sum
            position &+= 8
        }
        while position < end {
            let byte = bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
            crc = tables[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8
            position &+= 1
        }
        value = crc
    }

    func adding(_ bytes: RawSpan) -> CRC64 {
        var sum = self
        sum.add(bytes)
        return sum
    }

    /// Eight bytes at a time ("slicing by 8"): table `n` holds what a byte becomes after `n` more bytes of zero.
    private static let tables: [UInt64] = {
        let reflectedPolynomial: UInt64 = 0x95AC_9329_AC4B_C9B5
        var tables = [UInt64](repeating: 0, count: 8 * 256)
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
