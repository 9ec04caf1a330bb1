/// `SET key value PXAT expiry`, nearly all of a log, read without the request parser. A record with any other spelling
/// is left to the parser.
struct SetRecord {
    let key: Range<Int>
    let value: Range<Int>
    /// Unix milliseconds.
    let expiry: Int64
    /// The offset of its end.
    let end: Int

    /// The length of such a record with an empty key and an empty value.
    private static let shortest = 55
    /// The number of bytes after the value.
    fileprivate static let tail = 32
    /// The number of digits of a time from 2001 to 2286.
    private static let expiryDigits = 13

    /// `*5\r\n$3\r\n`, and so on: the first byte is the lowest.
    private static let head: UInt64 = 0x0A0D_3324_0A0D_352A
    /// `SET\r\n$`
    private static let name: UInt64 = 0x240A_0D54_4553
    private static let nameMask: UInt64 = 0xFFFF_FFFF_FFFF
    /// `\r\n$4\r\nPX`
    private static let option: UInt64 = 0x5850_0A0D_3424_0A0D
    /// `AT\r\n$13\r`
    private static let optionEnd: UInt64 = 0x0D33_3124_0A0D_5441

    /// - Returns: nil if no such record is there.
    @inline(__always)
    init?(_ bytes: RawSpan, at offset: Int, before end: Int) {
        guard end &- offset >= Self.shortest, bytes.word(at: offset) == Self.head,
            bytes.word(at: offset &+ 8) & Self.nameMask == Self.name
        else { return nil }
        guard let key = bytes.shortBulk(at: offset &+ 14, before: end), bytes.isLineEnd(at: key.upperBound),
            bytes.byte(at: key.upperBound &+ 2) == UInt8(ascii: "$"),
            let value = bytes.shortBulk(at: key.upperBound &+ 3, before: end)
        else { return nil }
        let tail = value.upperBound
        guard bytes.word(at: tail) == Self.option, bytes.word(at: tail &+ 8) == Self.optionEnd,
            bytes.byte(at: tail &+ 16) == UInt8(ascii: "\n"), bytes.isLineEnd(at: tail &+ 17 &+ Self.expiryDigits),
            let expiry = bytes.expiry(at: tail &+ 17)
        else { return nil }
        self.key = key
        self.value = value
        self.expiry = expiry
        self.end = tail &+ Self.tail
    }
}

extension RawSpan {
    @inline(__always)
    fileprivate func word(at offset: Int) -> UInt64 {
        UInt64(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    @inline(__always)
    fileprivate func byte(at offset: Int) -> UInt8 { unsafeLoad(fromByteOffset: offset, as: UInt8.self) }

    @inline(__always)
    fileprivate func isLineEnd(at offset: Int) -> Bool {
        UInt16(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)) == 0x0A0D
    }

    /// A bulk of up to 999 bytes whose length is at an offset, with room after it for the rest of the record.
    @inline(__always)
    fileprivate func shortBulk(at offset: Int, before end: Int) -> Range<Int>? {
        guard end &- offset > 5 else { return nil }
        var position = offset
        var length = 0
        while position &- offset < 3 {
            let digit = byte(at: position) &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            length = length &* 10 &+ Int(digit)
            position &+= 1
        }
        guard position > offset, isLineEnd(at: position) else { return nil }
        // A leading zero is another spelling.
        if byte(at: offset) == UInt8(ascii: "0"), position &- offset > 1 { return nil }
        let start = position &+ 2
        guard end &- start >= length &+ SetRecord.tail else { return nil }
        return start..<(start &+ length)
    }

    /// 13 digits, the first not a zero.
    @inline(__always)
    fileprivate func expiry(at offset: Int) -> Int64? {
        let first = word(at: offset)
        let zeros: UInt64 = 0x3030_3030_3030_3030
        let upper: UInt64 = 0xF0F0_F0F0_F0F0_F0F0
        guard first & upper == zeros, (first &+ 0x0606_0606_0606_0606) & upper == zeros, first & 0x0F != 0 else {
            return nil
        }
        // All pairs at once, then all fours, then both halves.
        let pairs = ((first & 0x0F0F_0F0F_0F0F_0F0F) &* 2561) &>> 8 & 0x00FF_00FF_00FF_00FF
        let fours = (pairs &* 6_553_601) &>> 16 & 0x0000_FFFF_0000_FFFF
        var number = (fours &* 42_949_672_960_001) &>> 32
        for index in 8..<13 {
            let digit = byte(at: offset &+ index) &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            number = number &* 10 &+ UInt64(digit)
        }
        return Int64(number)
    }
}
