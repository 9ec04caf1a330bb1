/// Places for keys that are made from numbers.
struct TableKeys {
    private static let pattern = Array("revoked:jti:00000000-0000-0000-0000-000000000000".utf8)
    private static let digits = Array("0123456789abcdef".utf8)
    private let text: UnsafeMutableRawBufferPointer

    init(count: Int) {
        text = .allocate(byteCount: count * Self.pattern.count, alignment: 16)
        for place in 0..<count {
            UnsafeMutableRawBufferPointer(rebasing: text[(place * Self.pattern.count)...]).copyBytes(from: Self.pattern)
        }
    }

    subscript(place: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: text.baseAddress! + place * 48, count: 48)
    }

    func make(_ number: Int, at place: Int) {
        var word = UInt64(truncatingIfNeeded: number) &* 0xD6E8_FEB8_6659_FD93
        word ^= word >> 32
        var other = word &* 0xD6E8_FEB8_6659_FD93
        let key = text.baseAddress! + place * 48
        Self.digits.withUnsafeBufferPointer { digits in
            for position in 12..<48 where position != 20 && position != 25 && position != 30 && position != 35 {
                if position == 28 { swap(&word, &other) }
                key.storeBytes(of: digits[Int(word & 15)], toByteOffset: position, as: UInt8.self)
                word >>= 4
            }
        }
    }
}
