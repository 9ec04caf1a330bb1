import RESP

/// Finds whole records in bytes that arrive in pieces, as a replica reads them.
package struct RecordPieces: ~Copyable {
    /// Records that are applied together.
    package struct Unit: Equatable {
        /// In bytes.
        package let length: Int
        /// Whether they stand between MULTI and EXEC, which are part of it.
        package let isGroup: Bool
        /// Whether one of them empties database 0.
        package let empties: Bool
    }

    private enum Meaning {
        case multi, exec, empty, other
    }

    /// How much of the bytes was looked at.
    private var scanned = 0
    private var isInGroup = false
    private var empties = false
    /// The database that the next record is for.
    private var database: Int64
    private var batch = RequestBatch()

    /// - Parameter database: that of the first record.
    package init(database: Int64 = 0) { self.database = database }

    /// - Parameter bytes: what follows the last unit.
    /// - Returns: nil if no unit is complete.
    package mutating func next(_ bytes: RawSpan) throws(FormatError) -> Unit? {
        while true {
            batch.removeAll()
            let start = scanned
            switch RecordReader.extent(of: bytes, at: start, &batch) {
            case .incomplete: return isInGroup || start == 0 ? nil : unit(to: start)
            case .line, .bad: throw FormatError(at: start, "not a record")
            case .record(let end):
                let meaning = meaning(of: bytes.extracting(start..<end))
                switch meaning {
                case .multi where isInGroup, .exec where !isInGroup:
                    throw FormatError(at: start, "MULTI and EXEC do not match")
                // They begin a unit of their own.
                case .multi where start > 0, .empty where !isInGroup && start > 0: return unit(to: start)
                case .multi: isInGroup = true
                case .exec: return unit(to: end)
                case .empty:
                    empties = true
                    if !isInGroup { return unit(to: end) }
                case .other: break
                }
                scanned = end
            }
        }
    }

    private mutating func unit(to end: Int) -> Unit {
        defer { (scanned, isInGroup, empties) = (0, false, false) }
        return Unit(length: end, isGroup: isInGroup, empties: empties)
    }

    /// - Parameter record: the one in the batch, which is empty for a `SET` with an expiry.
    private mutating func meaning(of record: RawSpan) -> Meaning {
        guard batch.count > 0 else { return .other }
        var selected = database
        defer { database = selected }
        let arguments = RequestArguments(of: batch[0], in: batch, input: record)
        let name = arguments[0]
        if name.equalsIgnoringCase("multi") { return .multi }
        if name.equalsIgnoringCase("exec") { return .exec }
        if name.equalsIgnoringCase("flushall") { return .empty }
        if name.equalsIgnoringCase("flushdb"), selected == 0 { return .empty }
        if name.equalsIgnoringCase("select"), arguments.count == 2 { selected = arguments[1].parseInteger() ?? 0 }
        return .other
    }
}
