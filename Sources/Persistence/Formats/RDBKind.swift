/// A type of key other than a string, with what is needed to skip its value.
struct RDBKind {
    let name: String
    let form: Form

    /// The layout of the value.
    enum Form {
        /// One string.
        case text
        /// A number of items, each with the same parts.
        case items([Part])
        /// 8 bytes, then items.
        case expiring([Part])
        case expiringText
        case module
        case stream(version: Int)
        /// Unknown, so it cannot be skipped.
        case unknown
    }

    enum Part {
        case text, length, eightBytes
        /// A number as text with a length of one byte.
        case score
    }

    /// - Parameter opcode: the byte before the key (Redis' `rdb.h`; Valkey's from 22 on are its own).
    init?(_ opcode: UInt8, isValkey: Bool) {
        switch opcode {
        case 1, 14: self.init("list", .items([.text]))
        case 2: self.init("set", .items([.text]))
        case 3: self.init("sorted set", .items([.text, .score]))
        case 4: self.init("hash", .items([.text, .text]))
        case 5: self.init("sorted set", .items([.text, .eightBytes]))
        case 6: self.init("module", .unknown)
        case 7: self.init("module", .module)
        case 9, 13, 16: self.init("hash", .text)
        case 10: self.init("list", .text)
        case 11, 20: self.init("set", .text)
        case 12, 17: self.init("sorted set", .text)
        case 15: self.init("stream", .stream(version: 1))
        case 18: self.init("list", .items([.length, .text]))
        case 19: self.init("stream", .stream(version: 2))
        case 21: self.init("stream", .stream(version: 3))
        case 22 where isValkey: self.init("hash", .items([.text, .text, .eightBytes]))
        case 24 where !isValkey: self.init("hash", .expiring([.length, .text, .text]))
        case 25 where !isValkey: self.init("hash", .expiringText)
        case 22, 23: self.init("hash", .unknown)
        case 26, 27: self.init("stream", .unknown)
        default: return nil
        }
    }

    private init(_ name: String, _ form: Form) {
        self.name = name
        self.form = form
    }
}

extension RDBCursor {
    /// Skips the value of a key.
    mutating func skip(_ kind: RDBKind, _ bytes: RawSpan, at offset: Int) throws(FormatError) {
        switch kind.form {
        case .text: _ = try text(bytes)
        case .items(let parts): try skipItems(parts, bytes)
        case .expiring(let parts):
            _ = try take(8, bytes)
            try skipItems(parts, bytes)
        case .expiringText:
            _ = try take(8, bytes)
            _ = try text(bytes)
        case .module:
            _ = try length(bytes)
            try skipModuleValue(bytes)
        case .stream(let version): try skipStream(version, bytes)
        case .unknown:
            throw FormatError(
                .unsupported, at: offset, "a key of type \(kind.name) in a form that cannot be skipped")
        }
    }

    private mutating func skipItems(_ parts: [RDBKind.Part], _ bytes: RawSpan) throws(FormatError) {
        // Every part takes at least a byte, so a count too large soon reaches the file's end.
        var count = try length(bytes)
        while count > 0 {
            for part in parts { try skip(part, bytes) }
            count -= 1
        }
    }

    private mutating func skip(_ part: RDBKind.Part, _ bytes: RawSpan) throws(FormatError) {
        switch part {
        case .text: _ = try text(bytes)
        case .length: _ = try length(bytes)
        case .eightBytes: _ = try take(8, bytes)
        case .score:
            let size = try byte(bytes)
            // 253 to 255 stand for NaN and the infinities.
            if size < 253 { _ = try take(UInt64(size), bytes) }
        }
    }

    /// Skips auxiliary data of a module: an identifier, the time of writing, and values.
    mutating func skipModuleAuxiliary(_ bytes: RawSpan) throws(FormatError) {
        for _ in 0..<3 { _ = try length(bytes) }
        try skipModuleValue(bytes)
    }

    private mutating func skipModuleValue(_ bytes: RawSpan) throws(FormatError) {
        while true {
            let start = position
            switch try length(bytes) {
            case 0: return
            case 1, 2: _ = try length(bytes)
            case 3: _ = try take(4, bytes)
            case 4: _ = try take(8, bytes)
            case 5: _ = try text(bytes)
            default: throw FormatError(at: start, "no value of a module")
            }
        }
    }

    private mutating func skipStream(_ version: Int, _ bytes: RawSpan) throws(FormatError) {
        try skipItems([.text, .text], bytes)
        // Entries, last identifier; then first, largest deleted, entries ever added.
        for _ in 0..<(version >= 2 ? 8 : 3) { _ = try length(bytes) }
        var groups = try length(bytes)
        while groups > 0 {
            groups -= 1
            _ = try text(bytes)
            for _ in 0..<(version >= 2 ? 3 : 2) { _ = try length(bytes) }
            // Pending entries: identifier (16 bytes), time, deliveries.
            try skipItems([.eightBytes, .eightBytes, .eightBytes, .length], bytes)
            var consumers = try length(bytes)
            while consumers > 0 {
                consumers -= 1
                _ = try text(bytes)
                _ = try take(version >= 3 ? 16 : 8, bytes)
                try skipItems([.eightBytes, .eightBytes], bytes)
            }
        }
    }
}
