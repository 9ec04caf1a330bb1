import Synchronization

/// Short values that many entries share, each stored once and known by a number. Some are known from the start, others
/// are learned when they keep coming; none is ever forgotten, and there are at most ``capacity``.
///
/// A number is read under the lock of a shard whose slot holds it, so whoever reads one sees its value.
struct CommonValues {
    static let capacity = 256
    /// The longest, in bytes.
    static let maximumLength = 31
    /// How often a value has to come before it is learned.
    private static let learnAfter = 64
    private static let places = 1024
    private static let candidates = 256

    /// The value, padded with zeros; the last byte is its length.
    private typealias Cell = SIMD4<UInt64>

    private struct Candidate {
        var cell = Cell()
        var count = 0
    }

    private let cells: UnsafeMutablePointer<Cell>
    private let count: UnsafeMutablePointer<Atomic<Int>>
    /// A hash table of numbers + 1, 0 where it is free.
    private let index: UnsafeMutablePointer<Atomic<UInt16>>
    private let candidates: UnsafeMutablePointer<Candidate>
    private let learning: ShardLock

    init(_ known: [[UInt8]]) {
        cells = .allocate(capacity: Self.capacity)
        count = .allocate(capacity: 1)
        count.initialize(to: Atomic(0))
        index = .allocate(capacity: Self.places)
        for place in 0..<Self.places { (index + place).initialize(to: Atomic(0)) }
        candidates = .allocate(capacity: Self.candidates)
        candidates.initialize(repeating: Candidate(), count: Self.candidates)
        learning = .allocate()
        for value in known {
            value.withUnsafeBytes { bytes in
                if let cell = Self.cell(bytes), find(cell) == nil { add(cell) }
            }
        }
    }

    func deallocate() {
        cells.deallocate()
        count.deallocate()
        index.deallocate()
        candidates.deallocate()
        learning.deallocate()
    }

    func value(_ number: Int) -> UnsafeRawBufferPointer {
        assert(number < Self.capacity)
        let cell = UnsafeRawPointer(cells + number)
        return UnsafeRawBufferPointer(start: cell, count: Int(cell.load(fromByteOffset: 31, as: UInt8.self)))
    }

    func number(of value: UnsafeRawBufferPointer) -> Int? { Self.cell(value).flatMap(find) }

    /// As ``number(of:)``, and remembers that the value came.
    func learn(_ value: UnsafeRawBufferPointer) -> Int? {
        guard let cell = Self.cell(value) else { return nil }
        return find(cell) ?? note(cell)
    }

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

    /// Where the search for a cell begins. It needs no key: a search is no longer than the table is full, a quarter.
    private static func place(_ cell: Cell) -> Int {
        var hash = cell[0]
        for word in 1..<4 { hash = (hash ^ cell[word]) &* 0x9E37_79B9_7F4A_7C15 }
        return Int(((hash ^ hash >> 32) &* 0x9E37_79B9_7F4A_7C15) >> 54)
    }

    private func find(_ cell: Cell) -> Int? {
        var place = Self.place(cell)
        while true {
            let entry = Int(index[place].load(ordering: .acquiring))
            if entry == 0 { return nil }
            if cells[entry - 1] == cell { return entry - 1 }
            place = (place + 1) % Self.places
        }
    }

    private func add(_ cell: Cell) {
        let number = count.pointee.load(ordering: .relaxed)
        guard number < Self.capacity else { return }
        cells[number] = cell
        count.pointee.store(number + 1, ordering: .relaxed)
        var place = Self.place(cell)
        while index[place].load(ordering: .relaxed) != 0 { place = (place + 1) % Self.places }
        index[place].store(UInt16(number + 1), ordering: .releasing)
    }

    /// Counts a value among the candidates; another that wants its place wears its count down first.
    private func note(_ cell: Cell) -> Int? {
        guard count.pointee.load(ordering: .relaxed) < Self.capacity, learning.tryLock() else { return nil }
        defer { learning.unlock() }
        let candidate = candidates + Self.place(cell) % Self.candidates
        if candidate.pointee.cell != cell {
            candidate.pointee.count -= 1
            if candidate.pointee.count < 0 { candidate.pointee = Candidate(cell: cell, count: 1) }
            return nil
        }
        candidate.pointee.count += 1
        guard candidate.pointee.count >= Self.learnAfter else { return nil }
        candidate.pointee.count = 0
        if find(cell) == nil { add(cell) }
        return find(cell)
    }
}
