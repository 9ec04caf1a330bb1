/// Short values that many entries share, each stored once and identified by a number. At most ``capacity`` are given at
/// the start, and none ever changes.
struct CommonValues {
    static let capacity = 256
    /// The longest, in bytes.
    static let maximumLength = 31
    private static let places = 1024

    /// The value, padded with zeros; the last byte is its length.
    private typealias Cell = SIMD4<UInt64>

    private let cells: UnsafeMutablePointer<Cell>
    /// A hash table of numbers + 1; 0 for a free place.
    private let index: UnsafeMutablePointer<UInt16>

    init(_ known: [[UInt8]]) {
        cells = .allocate(capacity: Self.capacity)
        index = .allocate(capacity: Self.places)
        index.initialize(repeating: 0, count: Self.places)
        var count = 0
        for value in known where count < Self.capacity {
            let cell = value.withUnsafeBytes(Self.cell)
            guard let cell, find(cell) == nil else { continue }
            add(cell, as: count)
            count += 1
        }
    }

    func deallocate() {
        cells.deallocate()
        index.deallocate()
    }

    func value(_ number: Int) -> UnsafeRawBufferPointer {
        assert(number < Self.capacity)
        let cell = UnsafeRawPointer(cells + number)
        return UnsafeRawBufferPointer(start: cell, count: Int(cell.load(fromByteOffset: 31, as: UInt8.self)))
    }

    func number(of value: UnsafeRawBufferPointer) -> Int? { Self.cell(value).flatMap(find) }

    // MARK: Parts

    private static func cell(_ value: UnsafeRawBufferPointer) -> Cell? {
        guard value.count <= maximumLength else { return nil }
        var cell = Cell()
        withUnsafeMutableBytes(of: &cell) { bytes in
            bytes.copyMemory(from: value)
            bytes[maximumLength] = UInt8(value.count)
        }
        return cell
    }

    /// Where the search for a cell begins. It needs no secret key: the table is at most a quarter full.
    private static func place(_ cell: Cell) -> Int {
        var hash = cell[0]
        for word in 1..<4 { hash = (hash ^ cell[word]) &* 0x9E37_79B9_7F4A_7C15 }
        return Int(((hash ^ hash >> 32) &* 0x9E37_79B9_7F4A_7C15) >> 54)
    }

    private func find(_ cell: Cell) -> Int? {
        var place = Self.place(cell)
        while true {
            let entry = Int(index[place])
            if entry == 0 { return nil }
            if cells[entry - 1] == cell { return entry - 1 }
            place = (place + 1) % Self.places
        }
    }

    private func add(_ cell: Cell, as number: Int) {
        cells[number] = cell
        var place = Self.place(cell)
        while index[place] != 0 { place = (place + 1) % Self.places }
        index[place] = UInt16(number + 1)
    }
}
