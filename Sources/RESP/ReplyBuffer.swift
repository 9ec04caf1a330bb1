/// The version of the protocol that a connection has chosen with `HELLO`.
package enum ProtocolVersion: Int, Sendable {
    case two = 2
    case three = 3
}

/// Replies to be sent: RESP2 or RESP3, appended to reused memory.
///
/// A buffer that would exceed ``limit`` drops further replies and sets ``hasOverflowed``: the connection must be
/// closed.
package struct ReplyBuffer: ~Copyable {
    private var storage: UnsafeMutableRawPointer
    private var capacity: Int
    /// The number of bytes in it.
    package private(set) var count = 0
    /// The largest number of bytes in it.
    package var limit: Int
    package private(set) var hasOverflowed = false
    package var version = ProtocolVersion.two

    private static let initialCapacity = 1 << 16

    package init(limit: Int = 1 << 26) {
        self.limit = limit
        capacity = Self.initialCapacity
        storage = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { storage.deallocate() }

    // MARK: Memory

    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: storage, count: count) }

    /// Removes everything, and frees the memory of an unusually large reply.
    package mutating func removeAll() {
        count = 0
        hasOverflowed = false
        guard capacity > Self.initialCapacity * 4 else { return }
        storage.deallocate()
        capacity = Self.initialCapacity
        storage = .allocate(byteCount: capacity, alignment: 16)
    }

    /// Removes everything after the first `count` bytes.
    package mutating func truncate(to count: Int) {
        precondition(count <= self.count)
        self.count = count
    }

    /// Makes room for `size` more bytes.
    @inline(__always)
    private mutating func reserve(_ size: Int) -> Bool {
        if count + size <= capacity { return true }
        return grow(size)
    }

    @inline(never)
    private mutating func grow(_ size: Int) -> Bool {
        guard !hasOverflowed, count + size <= limit else {
            hasOverflowed = true
            return false
        }
        capacity = max(capacity * 2, count + size)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: storage, byteCount: count)
        storage.deallocate()
        storage = larger
        return true
    }

    // MARK: Raw bytes

    @inline(__always)
    package mutating func append(_ text: StaticString) {
        let size = text.utf8CodeUnitCount
        guard reserve(size) else { return }
        (storage + count).copyMemory(from: text.utf8Start, byteCount: size)
        count += size
    }

    package mutating func append(_ span: RawSpan) {
        guard reserve(span.byteCount) else { return }
        span.withUnsafeBytes { source in
            guard let start = source.baseAddress else { return }
            (storage + count).copyMemory(from: start, byteCount: source.count)
        }
        count += span.byteCount
    }

    /// Appends another buffer's bytes. If that one has overflowed, so does this one.
    package mutating func append(_ other: borrowing ReplyBuffer) {
        append(RawSpan(_unsafeBytes: other.bytes))
        if other.hasOverflowed { hasOverflowed = true }
    }

    private mutating func append(byte: UInt8) {
        guard reserve(1) else { return }
        storage.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    private mutating func append(decimal number: Int64) {
        var digits = 0
        var magnitude = number.magnitude
        repeat {
            digits += 1
            magnitude /= 10
        } while magnitude > 0
        let size = digits + (number < 0 ? 1 : 0)
        guard reserve(size) else { return }
        if number < 0 { storage.storeBytes(of: UInt8(ascii: "-"), toByteOffset: count, as: UInt8.self) }
        magnitude = number.magnitude
        var offset = count + size
        repeat {
            offset -= 1
            storage.storeBytes(of: UInt8(ascii: "0") + UInt8(magnitude % 10), toByteOffset: offset, as: UInt8.self)
            magnitude /= 10
        } while magnitude > 0
        count += size
    }

    private mutating func header(_ mark: UInt8, _ number: Int) {
        guard (0..<100).contains(number), reserve(5) else { return longHeader(mark, number) }
        shortHeader(mark, number)
    }

    /// Precondition: `number` has one or two digits, and there is room for five bytes.
    @inline(__always)
    private mutating func shortHeader(_ mark: UInt8, _ number: Int) {
        func put(_ byte: UInt8) {
            storage.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
            count &+= 1
        }
        put(mark)
        if number >= 10 { put(UInt8(ascii: "0") + UInt8(number / 10)) }
        put(UInt8(ascii: "0") + UInt8(number % 10))
        append("\r\n")
    }

    @inline(never)
    private mutating func longHeader(_ mark: UInt8, _ number: Int) {
        append(byte: mark)
        append(decimal: Int64(number))
        append("\r\n")
    }

    // MARK: Replies

    @inline(__always)
    package mutating func ok() { append("+OK\r\n") }

    /// A simple string. `text` has no line end.
    package mutating func simple(_ text: StaticString) {
        append(byte: UInt8(ascii: "+"))
        append(text)
        append("\r\n")
    }

    /// An error: `text` begins with its code (`ERR`, `NOAUTH`, …). Bytes that would end the line become spaces.
    package mutating func error(_ text: String) {
        append(byte: UInt8(ascii: "-"))
        for byte in text.utf8 { append(byte: byte == 0x0D || byte == 0x0A ? 0x20 : byte) }
        append("\r\n")
    }

    /// An error that contains bytes of the client. Bytes that would end the line become spaces; those at its end are
    /// left out, as in Redis.
    package mutating func error(bytes: [UInt8]) {
        append(byte: UInt8(ascii: "-"))
        let end = bytes.lastIndex { $0 != 0x0D && $0 != 0x0A }.map { $0 + 1 } ?? 0
        for byte in bytes[..<end] { append(byte: byte == 0x0D || byte == 0x0A ? 0x20 : byte) }
        append("\r\n")
    }

    @inline(__always)
    package mutating func integer(_ number: Int64) {
        switch number {
        case 0: append(":0\r\n")
        case 1: append(":1\r\n")
        default: longInteger(number)
        }
    }

    @inline(never)
    private mutating func longInteger(_ number: Int64) {
        append(byte: UInt8(ascii: ":"))
        append(decimal: number)
        append("\r\n")
    }

    package mutating func bulk(_ value: RawSpan) {
        let size = value.byteCount
        guard size < 100, reserve(size + 7) else { return longBulk(value) }
        shortHeader(UInt8(ascii: "$"), size)
        append(value)
        append("\r\n")
    }

    @inline(never)
    private mutating func longBulk(_ value: RawSpan) {
        header(UInt8(ascii: "$"), value.byteCount)
        append(value)
        append("\r\n")
    }

    package mutating func bulk(_ text: String) {
        var text = text
        text.withUTF8 { bulk(RawSpan(_unsafeBytes: UnsafeRawBufferPointer($0))) }
    }

    /// Text for a reader: RESP3's verbatim string.
    package mutating func verbatim(_ text: String) {
        guard version == .three else { return bulk(text) }
        header(UInt8(ascii: "="), text.utf8.count + 4)
        append("txt:")
        var text = text
        text.withUTF8 { append(RawSpan(_unsafeBytes: UnsafeRawBufferPointer($0))) }
        append("\r\n")
    }

    /// A finite number; in RESP2 its text.
    package mutating func double(_ number: Double) {
        let text = "\(number)"
        guard version == .three else { return bulk(text) }
        append(byte: UInt8(ascii: ","))
        for byte in text.utf8 { append(byte: byte) }
        append("\r\n")
    }

    @inline(__always)
    package mutating func null() {
        if version == .three { append("_\r\n") } else { append("$-1\r\n") }
    }

    package mutating func nullArray() {
        if version == .three { append("_\r\n") } else { append("*-1\r\n") }
    }

    package mutating func array(_ count: Int) { header(UInt8(ascii: "*"), count) }

    /// A map of `count` pairs; in RESP2 an array of twice as many.
    package mutating func map(_ count: Int) {
        if version == .three { header(UInt8(ascii: "%"), count) } else { array(count * 2) }
    }

    /// What a client did not ask for; in RESP2 an array.
    package mutating func push(_ count: Int) {
        header(version == .three ? UInt8(ascii: ">") : UInt8(ascii: "*"), count)
    }

    package mutating func set(_ count: Int) {
        header(version == .three ? UInt8(ascii: "~") : UInt8(ascii: "*"), count)
    }
}
