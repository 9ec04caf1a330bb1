import Contract

/// The slots of a cluster (Redis Cluster specification, "Key distribution model").
enum ClusterSlot {
    static let count = 16_384

    /// The slot of a key: CRC-16/XMODEM of what stands between the first `{` and the next `}`, or of all of it.
    static func of(_ key: String) -> Int {
        let bytes = Array(key.utf8)
        if let open = bytes.firstIndex(of: UInt8(ascii: "{")),
            let close = bytes[(open + 1)...].firstIndex(of: UInt8(ascii: "}")), close > open + 1
        {
            return checksum(bytes[(open + 1)..<close]) % count
        }
        return checksum(bytes[...]) % count
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> Int {
        var register: UInt16 = 0
        for byte in bytes {
            register ^= UInt16(byte) << 8
            for _ in 0..<8 { register = register & 0x8000 == 0 ? register << 1 : register << 1 ^ 0x1021 }
        }
        return Int(register)
    }

    /// For each slot its hash tag: the smallest decimal number that lies in it.
    static let tags: [String] = {
        var tags = [String?](repeating: nil, count: count)
        var (missing, number) = (count, 0)
        while missing > 0 {
            let text = String(number)
            let slot = of(text)
            if tags[slot] == nil {
                tags[slot] = text
                missing -= 1
            }
            number += 1
        }
        return tags.compactMap { $0 }
    }()

    /// The key of a slot's epoch. Each slot has a copy, which migrates with it, so each part of an answer carries the
    /// epoch of the memory that it comes from.
    static func epochKey(of slot: Int) -> String { "\(Epoch.key){\(tags[slot])}" }

    /// The key of a slot's terms.
    static func termsKey(of slot: Int) -> String { "\(Terms.key){\(tags[slot])}" }

    /// The slot whose terms count for the whole cluster. It gets new ones last.
    static let anchor = of(Epoch.key)
}
