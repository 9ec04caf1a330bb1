extension PendingCall.Hope {
    /// Where the hoped-for reply ends that begins at `start`; nil if there is another, or not the whole of it.
    func end(in bytes: RawSpan, from start: Int) -> Int? {
        let headerBytes = 4
        let nullBytes = 5
        guard (1..<10).contains(keyCount), epoch.count < 100 else { return nil }
        var index = start + headerBytes + (keyCount - 1) * nullBytes
        let lengthDigits = epoch.count < 10 ? 1 : 2
        let end = index + 1 + lengthDigits + 2 + epoch.count + 2
        guard end <= bytes.byteCount else { return nil }
        // "*3\r\n", then "$-1\r\n" as often as there are keys before the epoch's.
        guard bytes.word(at: start) == 0x0A0D_302A + UInt32(keyCount) << 8 else { return nil }
        var null = start + headerBytes
        while null < index {
            guard bytes.word(at: null) == 0x0D31_2D24, bytes.byte(at: null + 4) == UInt8(ascii: "\n") else {
                return nil
            }
            null += nullBytes
        }
        guard bytes.byte(at: index) == UInt8(ascii: "$") else { return nil }
        index += 1
        if lengthDigits == 2 {
            guard bytes.byte(at: index) == UInt8(ascii: "0") + UInt8(epoch.count / 10) else { return nil }
            index += 1
        }
        guard bytes.byte(at: index) == UInt8(ascii: "0") + UInt8(epoch.count % 10),
            bytes.isLineEnd(at: index + 1), bytes.isLineEnd(at: end - 2),
            bytes.holds(epoch.span.bytes, at: index + 3)
        else { return nil }
        return end
    }
}

extension RawSpan {
    fileprivate func byte(at index: Int) -> UInt8 { unsafeLoad(fromByteOffset: index, as: UInt8.self) }

    fileprivate func word(at index: Int) -> UInt32 {
        UInt32(littleEndian: unsafeLoadUnaligned(fromByteOffset: index, as: UInt32.self))
    }

    fileprivate func isLineEnd(at index: Int) -> Bool {
        byte(at: index) == UInt8(ascii: "\r") && byte(at: index + 1) == UInt8(ascii: "\n")
    }

    /// Whether all of `other` stands at an index.
    fileprivate func holds(_ other: RawSpan, at start: Int) -> Bool {
        var index = 0
        while index + 8 <= other.byteCount {
            guard
                unsafeLoadUnaligned(fromByteOffset: start + index, as: UInt64.self)
                    == other.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            else { return false }
            index += 8
        }
        while index < other.byteCount {
            guard byte(at: start + index) == other.byte(at: index) else { return false }
            index += 1
        }
        return true
    }
}
