/// A key without a compact form, or a value that is not common, in a segment's arena:
///
///     4 bytes     key length (10 bits) · value length (10 bits) · form (2 bits)
///     then        key, value; or key, packed value (24 bytes); or the address of a box with both
///
/// The key's length is 0 where the slot holds the key.
struct Record {
    /// Sizes and offsets are multiples of this many bytes.
    static let unit = 4
    /// Records that would be larger get a box of their own.
    static let maximumSize = 512
    private static let headerSize = 4

    enum Form: UInt32 {
        case raw, packed, boxed
    }

    let address: UnsafeMutableRawPointer

    private var header: UInt32 { address.load(as: UInt32.self) }
    private var form: Form { Form(rawValue: header >> 20).unsafelyUnwrapped }
    private var keyLength: Int { Int(header & 0x3FF) }
    private var valueLength: Int { Int(header >> 10 & 0x3FF) }
    private var content: UnsafeMutableRawPointer { address + Self.headerSize }

    private static func size(_ form: Form, key: Int, value: Int) -> Int {
        let content =
            switch form {
            case .raw: key + value
            case .packed: key + PackedValue.size
            case .boxed: MemoryLayout<UnsafeMutableRawPointer>.size
            }
        return (headerSize + content + unit - 1) / unit * unit
    }

    /// Its size in the arena, in bytes.
    var size: Int { Self.size(form, key: keyLength, value: valueLength) }

    /// How to store a value, and the room needed.
    struct Plan {
        let form: Form
        let packed: PackedValue?
        /// In the arena, in bytes.
        let size: Int

        init(key: Int, value: UnsafeRawBufferPointer, packed: PackedValue?) {
            self.packed = packed
            var form = packed == nil ? Form.raw : .packed
            if Record.headerSize + key + (packed == nil ? value.count : PackedValue.size) > Record.maximumSize {
                form = .boxed
            }
            self.form = form
            size = Record.size(form, key: key, value: value.count)
        }
    }

    /// Whether the planned record may overwrite this one in place.
    func fits(_ plan: Plan) -> Bool { form != .boxed && plan.form != .boxed && size == plan.size }

    func write(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, _ plan: Plan) {
        let isBoxed = plan.form == .boxed
        let keyLength = isBoxed ? 0 : UInt32(key.count)
        let valueLength = plan.form == .raw ? UInt32(value.count) : 0
        address.storeBytes(of: plan.form.rawValue << 20 | valueLength << 10 | keyLength, as: UInt32.self)
        switch plan.form {
        case .raw:
            Self.copy(key, to: content)
            Self.copy(value, to: content + key.count)
        case .packed:
            Self.copy(key, to: content)
            plan.packed.unsafelyUnwrapped.write(to: content + key.count)
        case .boxed:
            content.storeBytes(of: Box(key: key, value: value).address, as: UnsafeMutableRawPointer.self)
        }
    }

    private static func copy(_ bytes: UnsafeRawBufferPointer, to address: UnsafeMutableRawPointer) {
        if let start = bytes.baseAddress { address.copyMemory(from: start, byteCount: bytes.count) }
    }

    /// The box that it owns, if any.
    var box: Box? {
        form == .boxed ? Box(address: content.loadUnaligned(as: UnsafeMutableRawPointer.self)) : nil
    }

    var key: UnsafeRawBufferPointer {
        box?.key ?? UnsafeRawBufferPointer(start: content, count: keyLength)
    }

    /// - Parameter scratch: room for a value that must be unpacked, ``PackedValue/maximumLength`` bytes.
    func value(_ common: CommonValues, scratch: UnsafeMutableRawPointer) -> UnsafeRawBufferPointer {
        switch form {
        case .raw: UnsafeRawBufferPointer(start: content + keyLength, count: valueLength)
        case .packed: PackedValue(content + keyLength).text(common, scratch)
        case .boxed: box.unsafelyUnwrapped.value
        }
    }

    /// Moves it into another arena. A box stays in its place.
    func copy(to other: UnsafeMutableRawPointer) { other.copyMemory(from: address, byteCount: size) }
}

/// A key and a value too large for an arena.
struct Box {
    private static let headerSize = 16
    let address: UnsafeMutableRawPointer

    init(address: UnsafeMutableRawPointer) { self.address = address }

    init(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        address = .allocate(byteCount: Self.headerSize + key.count + value.count, alignment: 16)
        address.storeBytes(of: key.count, as: Int.self)
        address.storeBytes(of: value.count, toByteOffset: 8, as: Int.self)
        if let start = key.baseAddress {
            (address + Self.headerSize).copyMemory(from: start, byteCount: key.count)
        }
        if let start = value.baseAddress {
            (address + Self.headerSize + key.count).copyMemory(from: start, byteCount: value.count)
        }
    }

    private var keyLength: Int { address.load(as: Int.self) }
    private var valueLength: Int { address.load(fromByteOffset: 8, as: Int.self) }
    /// In bytes.
    var size: Int { Self.headerSize + keyLength + valueLength }
    var key: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: address + Self.headerSize, count: keyLength) }

    var value: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: address + Self.headerSize + keyLength, count: valueLength)
    }

    func deallocate() { address.deallocate() }
}
