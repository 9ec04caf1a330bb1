import RESP

/// LZF, the compression of strings in RDB files.
enum LZF {
    /// The most bytes that one compressed byte can produce: 3 bytes may repeat 264.
    static let maximumRatio = 88

    /// - Returns: nil unless `bytes` decompress to exactly `count` bytes.
    static func decompress(_ bytes: RawSpan, count: Int) -> [UInt8]? {
        guard count <= bytes.byteCount * maximumRatio else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(count)
        var position = 0
        while position < bytes.byteCount {
            let control = Int(bytes[byte: position])
            position += 1
            if control < 32 {
                let length = control + 1
                guard position + length <= bytes.byteCount, result.count + length <= count else { return nil }
                bytes.extracting(position..<(position + length)).withUnsafeBytes { result.append(contentsOf: $0) }
                position += length
                continue
            }
            var length = control >> 5
            if length == 7 {
                guard position < bytes.byteCount else { return nil }
                length += Int(bytes[byte: position])
                position += 1
            }
            length += 2
            guard position < bytes.byteCount else { return nil }
            let distance = ((control & 31) << 8 | Int(bytes[byte: position])) + 1
            position += 1
            guard distance <= result.count, result.count + length <= count else { return nil }
            // The repeated range may overlap the bytes that it produces.
            for _ in 0..<length { result.append(result[result.count - distance]) }
        }
        return result.count == count ? result : nil
    }
}
